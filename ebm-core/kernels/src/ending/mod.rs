//! What an operation on images ends with: an activation whose derivatives can be read off its value.
//!
//! It is applied while the values are in cache, and nothing but the values is kept for the backward pass. With `y = phi(a)`
//! and tangents `t_k = phi'(a) s_k`, both derivatives that the backward pass needs follow from y and t:
//! `phi' = slope(y)` and `phi'' s_k = bend(y) t_k`.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::{Ending, ending::end};
//! use ebm_kernels::tape::SharedTape;
//!
//! // The sample log 2, and below it the direction 1.
//! let rows: Matrix = device().tensor_from_vec(vec![0.693147, 1.0], (2, 1));
//! let y = values(&end(SharedTape::off().watch(&rows), 1, Ending::Tanh));
//! // tanh(log 2) = (2 - 1/2) / (2 + 1/2) = 0.6, where the slope is 1 - 0.6^2.
//! assert!((y[0] - 0.6).abs() < 1e-5 && (y[1] - 0.64).abs() < 1e-5);
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

use crate::device::{Matrix, Real};
use crate::tape::SharedTape;
use crate::unary::recorded;

pub(super) use side::pull_back;

/// An activation that an operation may end with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// x
    Identity,
    /// max(x, 0) + a min(x, 0) with a constant a >= 0
    Leaky(Real),
    /// tanh x
    Tanh,
}

/// The activation on its own, for `[(1+K) * primal, width]`: values in the first `primal` rows, tangents below.
pub fn end(x: Matrix<SharedTape>, primal: usize, ending: Ending) -> Matrix<SharedTape> {
    if ending == Ending::Identity {
        return x;
    }
    let (x, tape) = x.split_tape();
    let y = side::ended(&x, primal, ending);
    let kept = y.clone();
    recorded(tape, &x, y, move |gx, g| side::add_ended(gx, g, &kept, primal, ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        for ending in [Ending::Identity, Ending::Leaky(0.0), Ending::Leaky(0.1), Ending::Tanh] {
            if matches!(ending, Ending::Leaky(_)) && !check::RESOLVES_KINKS {
                continue;
            }
            let case = Case {
                name: format!("{ending:?}"),
                input: (3, 7),
                arrays: vec![],
            };
            check::operation(&case, |x, primal, _| end(x, primal, ending));
        }
    }

    #[test]
    fn a_leaky_ending_bends_values_tangents_and_gradients() {
        // Slope 0.5: values [2, -4], tangents [3, 6] below; cotangents [1, 10, 100, 1000].
        let x: Matrix = buffers::tensor(vec![2.0, -4.0, 3.0, 6.0], (2, 2));
        let weights: Matrix = buffers::tensor(vec![1.0, 10.0, 100.0, 1000.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let y = end(tape.watch(&x), 1, Ending::Leaky(0.5));
        assert_eq!(y.as_vec(), vec![2.0, -2.0, 3.0, 3.0]);
        let mut g = crate::tape::backward(crate::sum(crate::row_dot(y, tape.watch(&weights))));
        assert_eq!(g.of(&x).as_vec(), vec![1.0, 5.0, 100.0, 500.0]);
    }
}
