//! Volume terms of Jacobians: `1/2 log det(J^T J)`, `log s_1`, and what their derivatives are made of.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use super::Columns;
use crate::device::PerSample;
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::unary::recorded;
use crate::tape::SharedTape;

/// `1/2 log det(J^T J) = sum_i log s_i` in nats, `[B]`: the log of the factor by which G stretches volume.
///
/// Derivative: `J (J^T J)^-1`. Where J has not full rank the value is minus infinity.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::{jacobian, log_volume};
///
/// // G(z) = (2 z_2, 3 z_1) stretches areas by 6.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[0.0, 2.0, 3.0, 0.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<2, 2>.latents(vec![1.0, -1.0]);
/// let j = jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z));
/// assert!((f64::from(values(&log_volume(&j))[0]) - 6f64.ln()).abs() < 1e-6);
/// ```
pub fn log_volume<G: Geometry>(jacobian: &Columns<G>) -> PerSample<SharedTape> {
    // Forming J^T J squares the condition number; a square J has a determinant of its own.
    let square = jacobian.latent == jacobian.samples.shape().1.size();
    volume(jacobian, if square { Volume::Determinant } else { Volume::Gram })
}

/// `log s_1`, `[B]`, the log of the smallest singular value, by an exact solver.
///
/// Derivative (of a simple s_1): `J v_1 v_1^T / s_1^2`.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::{jacobian, log_smallest};
///
/// // G(z) = (2 z_2, 3 z_1) has the singular values 2 and 3.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[0.0, 2.0, 3.0, 0.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<2, 2>.latents(vec![1.0, -1.0]);
/// let j = jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z));
/// assert!((f64::from(values(&log_smallest(&j))[0]) - 2f64.ln()).abs() < 1e-6);
/// ```
pub fn log_smallest<G: Geometry>(jacobian: &Columns<G>) -> PerSample<SharedTape> {
    volume(jacobian, Volume::Smallest)
}

/// `J (J^T J)^-1 b`, `[B, D]`: the gradient in data space, within the image of G, of a function whose gradient in z is b.
///
/// With `D = d` this is `J^-T b`.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::{jacobian, lift};
///
/// // x = (2 z_1, 4 z_2): f(z) = z_1 + z_2 is x_1 / 2 + x_2 / 4.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[2.0, 0.0, 0.0, 4.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<2, 2>.latents(vec![1.0, -1.0]);
/// let j = jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z));
/// let gradient = values(&lift(&j, &Fixed::<2, 2>.latents(vec![1.0, 1.0])));
/// assert!((gradient[0] - 0.5).abs() < 1e-6 && (gradient[1] - 0.25).abs() < 1e-6);
/// ```
pub fn lift<G: Geometry>(jacobian: &Columns<G>, b: &Latents<G>) -> Samples<G> {
    let (columns, _) = jacobian.columns.clone().split_tape();
    side::lift(&columns, b, Sizes::of(jacobian))
}

/// A function of a Jacobian's singular values.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Volume {
    /// `log |det J|` of a square one.
    Determinant,
    /// `1/2 log det(J^T J)`
    Gram,
    /// `log s_1`
    Smallest,
}

/// d columns `[D]` of each of B samples.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    d: usize,
    width: usize,
}

impl Sizes {
    fn of<G: Geometry>(jacobian: &Columns<G>) -> Self {
        Self {
            batch: jacobian.batch,
            d: jacobian.latent,
            width: jacobian.samples.shape().1.size(),
        }
    }
}

fn volume<G: Geometry>(jacobian: &Columns<G>, kind: Volume) -> PerSample<SharedTape> {
    let sizes = Sizes::of(jacobian);
    let (columns, tape) = jacobian.columns.clone().split_tape();
    let (y, slopes) = side::volume(&columns, sizes, kind);
    let kept = columns.clone();
    recorded(tape, &columns, y, move |gc, g| {
        side::add_gradient(gc, &g, &kept, sizes, &slopes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::geometry::Runtime;
    use crate::jacobian::{jacobian, log_mean_square, spectrum};
    use crate::kernels::{check, sum};
    use crate::models::Generator;
    use crate::models::closed_form::{LinearGaussian, TriangularFlow};
    use crate::models::mlp::{MlpGenerator, MlpGeneratorConfig};
    use crate::parameter::Module;
    use crate::random::Random;
    use crate::tape::{Parts, backward};

    fn latents(g: Runtime, batch: usize) -> Latents<Runtime> {
        g.latents(Random::new(4).stream("z").normals(batch * g.latent))
    }

    #[test]
    fn a_linear_map_has_its_own_singular_values() {
        // W = diag(3, 0.5, 2) turned in the plane of the first two axes.
        let (s, c) = 0.4f64.sin_cos();
        let w = [3.0 * c, -0.5 * s, 0.0, 3.0 * s, 0.5 * c, 0.0, 0.0, 0.0, 2.0];
        let g = Runtime { latent: 3, data: 3 };
        let model = LinearGaussian::new(g, &w, &[0.0; 3], 0.0);
        let j = jacobian(&model as &dyn Generator<_>, SharedTape::off().watch(&latents(g, 2)));
        for values in spectrum(&j) {
            for (a, b) in values.iter().zip([0.5, 2.0, 3.0]) {
                assert!((a - b).abs() < 1e-5, "{values:?}");
            }
        }
        assert!((f64::from(log_volume(&j).as_vec()[0]) - 3f64.ln()).abs() < 1e-5);
        assert!((f64::from(log_smallest(&j).as_vec()[1]) - 0.5f64.ln()).abs() < 1e-5);
        let am_gm = 1.5 * ((9.0 + 0.25 + 4.0) / 3.0f64).ln();
        let found = log_mean_square(&model as &dyn Generator<_>, &latents(g, 1));
        assert!((found[0] - am_gm).abs() < 1e-5);
    }

    #[test]
    fn a_flow_has_the_volume_of_its_closed_form() {
        let g = Runtime { latent: 4, data: 4 };
        let draw = |s| {
            Random::new(s)
                .normals(16)
                .into_iter()
                .map(f64::from)
                .collect::<Vec<_>>()
        };
        let flow = TriangularFlow::new(g, &draw(1), &draw(2));
        let z = latents(g, 6);
        let j = jacobian(&flow as &dyn Generator<_>, SharedTape::off().watch(&z));
        for (a, b) in log_volume(&j).as_vec().iter().zip(flow.log_determinants(&z)) {
            assert!((f64::from(*a) - b).abs() < 1e-4 * (1.0 + b.abs()), "{a} {b}");
        }
    }

    type Volume = fn(&Columns<Runtime>) -> PerSample<SharedTape>;

    #[test]
    fn gradients_in_latents_and_parameters_agree_with_finite_differences() {
        let shapes = [(1, 1), (2, 2), (2, 5), (3, 3), (3, 4)];
        let functions: [(&str, Volume); 2] = [("log_volume", log_volume), ("log_smallest", log_smallest)];
        for (latent, data) in shapes {
            for (name, f) in functions {
                let g = Runtime { latent, data };
                let config = MlpGeneratorConfig {
                    hidden: vec![7, 6],
                    init_gain: 1.5,
                    ..Default::default()
                };
                let mut model = MlpGenerator::new(g, &config, Random::new(11));
                let z = latents(g, 3);
                let tape = SharedTape::training(Parts::GENERATOR);
                let mut gradients = backward(sum(f(&jacobian(&model as &dyn Generator<_>, tape.watch(&z)))));
                let value = |model: &MlpGenerator<Runtime>, z: &Latents<Runtime>| -> f64 {
                    let j = jacobian(model as &dyn Generator<_>, SharedTape::off().watch(z));
                    f(&j).as_vec().iter().map(|v| f64::from(*v)).sum()
                };
                // These functions are steep: a smaller step in single precision would drown in rounding.
                let ours = gradients.of(&z).as_vec();
                for i in 0..ours.len() {
                    let shifted = |by: Real| {
                        let mut moved = z.as_vec();
                        moved[i] += by;
                        value(&model, &g.latents(moved))
                    };
                    let truth = (shifted(check::STEP) - shifted(-check::STEP)) / (2.0 * f64::from(check::STEP));
                    check::close(
                        &format!("{name} {latent}->{data}, z {i}"),
                        f64::from(ours[i]),
                        truth,
                        truth.abs(),
                    );
                }
                let all: Vec<_> = model
                    .parameters()
                    .iter()
                    .map(|p| gradients.of(p.tensor()).as_vec())
                    .collect();
                for (p, ours) in all.iter().enumerate() {
                    for i in (0..ours.len()).step_by(5) {
                        let mut shifted = |by: Real| {
                            let mut values = model.parameters()[p].values();
                            values[i] += by;
                            model.parameters_mut()[p].set(&values);
                            let y = value(&model, &z);
                            values[i] -= by;
                            model.parameters_mut()[p].set(&values);
                            y
                        };
                        let truth = (shifted(check::STEP) - shifted(-check::STEP)) / (2.0 * f64::from(check::STEP));
                        let label = format!("{name} {latent}->{data}, parameter {p}, value {i}");
                        check::close(&label, f64::from(ours[i]), truth, truth.abs());
                    }
                }
            }
        }
    }
}
