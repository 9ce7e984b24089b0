//! An activation on its own: `y = phi(x)`, with the pushforward `phi'(x) t`.
//!
//! Operations that end with an activation are cheaper where they can (see [`Ending`](crate::kernels::Ending)). With cotangents
//! gy, gt: `gx = gy phi'(x) + sum_k gt_k phi''(x) t_k`, and `gt_k phi'(x)` for the tangents.
//!
//! ```
//! use ebm_core::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::{Activation, activate::activate};
//! use ebm_core::tape::SharedTape;
//!
//! // A sample (4, -4), and below it the direction (1, 1); a PReLU of slope 1/4.
//! let rows: Matrix = device().tensor_from_vec(vec![4.0, -4.0, 1.0, 1.0], (2, 2));
//! let slope: PerSample = device().tensor_from_vec(vec![0.25], (1,));
//! let y = activate(SharedTape::off().watch(&rows), 1, Activation::Prelu, Some(&slope), false);
//! assert_eq!(values(&y), [4.0, -1.0, 1.0, 0.25]);
//! ```

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample, Real};
use crate::kernels::Activation;
use crate::kernels::dense::{Leaky, Phi, Silu, Softplus, Tanh, with_phi};
use crate::kernels::math::vectorised;
use crate::kernels::parallel;
use crate::tape::SharedTape;

/// Multiply-adds that an element takes the time of.
const WORK: usize = 8;

/// Applies `activation` to `[(1+K) * primal, width]`: values in the first `primal` rows, tangents below. `slope` `[1]` is the
/// learned slope of a PReLU.
///
/// # Panics
/// If a PReLU has no slope.
pub fn activate(
    x: Matrix<SharedTape>,
    primal: usize,
    activation: Activation,
    slope: Option<&PerSample>,
    trains: bool,
) -> Matrix<SharedTape> {
    if activation == Activation::Identity {
        return x;
    }
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let learned = (activation == Activation::Prelu).then(|| slope.expect("a PReLU has a slope").clone());
    let a = learned.as_ref().map_or(0.0, |s| read(s)[0]);
    let step = parallel::rows_a_task(primal, WORK * rows / primal * width);
    let mut y = read(&x).into_owned();
    parallel::run(parallel::split(&mut y, primal, width, step), |mut part| {
        let (values, tangents) = part.blocks.split_at_mut(1);
        with_phi!(activation, a, |phi| forward(phi, values[0], tangents));
    });
    let y = buffers::tensor(y, (rows, width));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let x = read(&x);
            let block = primal * width;
            if let Some(slope) = learned.as_ref().filter(|_| trains) {
                let total = slope_gradient(&g, &x, block);
                gradients.get_or_alloc_mut(slope)?.update(|gs| gs[0] += total)?;
            }
            parallel::run(parallel::split(&mut g, primal, width, step), |mut part| {
                let samples = part.samples.start * width..part.samples.end * width;
                let inputs: Vec<&[Real]> = x.chunks_exact(block).map(|b| &b[samples.clone()]).collect();
                with_phi!(activation, a, |phi| pull_back(phi, &mut part.blocks, &inputs));
            });
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                vectorised(|| gx.iter_mut().zip(&g).for_each(|(x, g)| *x += g));
            })
        });
    }
    y.put_tape(tape)
}

/// Replaces x by phi(x) and every t by phi'(x) t.
fn forward<P: Phi>(phi: P, values: &mut [Real], tangents: &mut [&mut [Real]]) {
    for tangent in tangents {
        let pairs = tangent.iter_mut().zip(values.iter());
        vectorised(|| pairs.for_each(|(t, x)| *t *= phi.jet(*x).1));
    }
    vectorised(|| values.iter_mut().for_each(|x| *x = phi.value(*x)));
}

/// Turns the cotangents of the outputs into those of the inputs, in place.
fn pull_back<P: Phi>(phi: P, g: &mut [&mut [Real]], inputs: &[&[Real]]) {
    let (Some((first, others)), Some((x, tangents))) = (g.split_first_mut(), inputs.split_first()) else {
        return;
    };
    vectorised(|| first.iter_mut().zip(*x).for_each(|(g, x)| *g *= phi.jet(*x).1));
    for (g, t) in others.iter_mut().zip(tangents) {
        vectorised(|| {
            for ((f, g), (x, t)) in first.iter_mut().zip(g.iter_mut()).zip(x.iter().zip(*t)) {
                let (_, slope, bend) = phi.jet(*x);
                *f += *g * bend * t;
                *g *= slope;
            }
        });
    }
}

/// `sum of cotangent * (x or t) where x <= 0`, over blocks of values and tangents.
fn slope_gradient(g: &[Real], x: &[Real], block: usize) -> Real {
    let rows = g.chunks_exact(block).zip(x.chunks_exact(block));
    let total: f64 = rows
        .map(|(g, inputs)| {
            let parts = g.chunks(4096).zip(inputs.chunks(4096)).zip(x[..block].chunks(4096));
            parts
                .map(|((g, inputs), x)| {
                    let mut lanes = [0.0; 16];
                    vectorised(|| {
                        for ((g, inputs), x) in g.chunks(16).zip(inputs.chunks(16)).zip(x.chunks(16)) {
                            for (lane, ((g, i), x)) in lanes.iter_mut().zip(g.iter().zip(inputs).zip(x)) {
                                *lane += if *x > 0.0 { 0.0 } else { g * i };
                            }
                        }
                    });
                    f64::from(lanes.iter().sum::<Real>())
                })
                .sum::<f64>()
        })
        .sum();
    total as Real
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu,
            Activation::Prelu,
            Activation::Silu,
            Activation::Softplus,
            Activation::Tanh,
        ] {
            if activation.is_piecewise_linear() && !check::RESOLVES_KINKS {
                continue;
            }
            let case = Case {
                name: format!("activation {activation:?}"),
                input: (3, 21),
                arrays: vec![(1, 0.3)],
            };
            check::operation(&case, |x, primal, arrays| {
                activate(x, primal, activation, Some(&arrays[0]), true)
            });
        }
    }

    #[test]
    fn a_learned_slope_bends_values_tangents_and_gradients() {
        // Slope 0.5: values [2, -4], tangents [3, 6] below; cotangents [1, 10, 100, 1000].
        let x: Matrix = buffers::tensor(vec![2.0, -4.0, 3.0, 6.0], (2, 2));
        let slope: PerSample = buffers::tensor(vec![0.5], (1,));
        let weights: Matrix = buffers::tensor(vec![1.0, 10.0, 100.0, 1000.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let y = activate(tape.watch(&x), 1, Activation::Prelu, Some(&slope), true);
        assert_eq!(y.as_vec(), vec![2.0, -2.0, 3.0, 3.0]);
        let mut g = crate::tape::backward(crate::kernels::sum(crate::kernels::row_dot(y, tape.watch(&weights))));
        assert_eq!(g.of(&x).as_vec(), vec![1.0, 5.0, 100.0, 500.0]);
        // 10 * -4 + 1000 * 6.
        assert_eq!(g.of(&slope).as_vec(), vec![5960.0]);
    }
}
