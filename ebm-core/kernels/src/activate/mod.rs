//! An activation on its own: `y = phi(x)`, with the pushforward `phi'(x) t`.
//!
//! Operations that end with an activation are cheaper where they can (see [`Ending`](crate::Ending)). With cotangents
//! gy, gt: `gx = gy phi'(x) + sum_k gt_k phi''(x) t_k`, and `gt_k phi'(x)` for the tangents.
//!
//! ```
//! use ebm_kernels::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::{Activation, activate::activate};
//! use ebm_kernels::tape::SharedTape;
//!
//! // A sample (4, -4), and below it the direction (1, 1); a PReLU of slope 1/4.
//! let rows: Matrix = device().tensor_from_vec(vec![4.0, -4.0, 1.0, 1.0], (2, 2));
//! let slope: PerSample = device().tensor_from_vec(vec![0.25], (1,));
//! let y = activate(SharedTape::off().watch(&rows), 1, Activation::Prelu, Some(&slope), false);
//! assert_eq!(values(&y), [4.0, -1.0, 1.0, 0.25]);
//! ```

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::Activation;
use crate::buffers::native::GradientBuffer;
use crate::device::{Matrix, PerSample};
use crate::tape::SharedTape;

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
    let learned = (activation == Activation::Prelu).then(|| slope.expect("a PReLU has a slope").clone());
    let y = side::activated(&x, primal, activation, learned.as_ref());
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(slope) = learned.as_ref().filter(|_| trains) {
                gradients
                    .get_or_alloc_mut(slope)?
                    .update(|gs| side::add_to_slope(gs, &g, &x, primal))?;
            }
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_activated(gx, g, &x, primal, activation, learned.as_ref()))
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};

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
        let mut g = crate::tape::backward(crate::sum(crate::row_dot(y, tape.watch(&weights))));
        assert_eq!(g.of(&x).as_vec(), vec![1.0, 5.0, 100.0, 500.0]);
        // 10 * -4 + 1000 * 6.
        assert_eq!(g.of(&slope).as_vec(), vec![5960.0]);
    }
}
