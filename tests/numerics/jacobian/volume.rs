//! Volume terms and their derivatives.

use ebm_core::device::{PerSample, Real};
use ebm_core::geometry::{Geometry, Latents, Runtime};
use ebm_core::jacobian::{Columns, jacobian, log_mean_square, log_smallest, log_volume, spectrum};
use ebm_core::kernels::{check, sum};
use ebm_core::models::Generator;
use ebm_core::models::closed_form::{LinearGaussian, TriangularFlow};
use ebm_core::parameter::Module as _;
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;
use ebm_core::tape::{Parts, backward};
use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

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
    let draw = |s| Random::new(s).normals(16).into_iter().map(f64::from).collect::<Vec<_>>();
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
            let config = MlpGeneratorConfig { hidden: vec![7, 6], init_gain: 1.5, ..Default::default() };
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
                check::close(&format!("{name} {latent}->{data}, z {i}"), f64::from(ours[i]), truth, truth.abs());
            }
            let all: Vec<_> = model.parameters().iter().map(|p| gradients.of(p.tensor()).as_vec()).collect();
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
