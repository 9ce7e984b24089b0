//! The sum of two branches: `y = a + b`.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::{add::add, row_dot, sum};
//! use ebm_kernels::tape::{SharedTape, backward};
//!
//! let tape = SharedTape::inputs_only();
//! let a: Matrix = device().tensor_from_vec(vec![1.0, 2.0], (1, 2));
//! let b: Matrix = device().tensor_from_vec(vec![10.0, 20.0], (1, 2));
//! let y = add(tape.watch(&a), add(tape.watch(&b), tape.watch(&a)));
//! assert_eq!(values(&y), [12.0, 24.0]);
//! // 5 y_1 + 7 y_2 of y = a + b + a: b counts once, and a twice.
//! let weights: Matrix = device().tensor_from_vec(vec![5.0, 7.0], (1, 2));
//! let mut gradients = backward(sum(row_dot(y, tape.watch(&weights))));
//! assert_eq!(values(&gradients.of(&b)), [5.0, 7.0]);
//! assert_eq!(values(&gradients.of(&a)), [10.0, 14.0]);
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

use crate::buffers::native::{GradientBuffer, plus};
use crate::device::{Dev, Matrix, Real};
use crate::tape::SharedTape;

/// `a + b` of the same shape, for values and tangents alike.
///
/// # Panics
/// If the shapes differ.
pub fn add(a: Matrix<SharedTape>, b: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    let mut tape = tape.merge(other);
    assert_eq!(a.shape(), b.shape(), "a sum of two shapes");
    let y = side::sum(&a, &b);
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.ghost(), b.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&ag)?.update(|ga| plus(ga, &g))?;
            gradients.get_or_alloc_mut(&bg)?.update(|gb| plus(gb, &g))
        });
    }
    y.put_tape(tape)
}

/// `a + b` without a tape.
pub fn total<S: Shape>(a: &Tensor<S, Real, Dev>, b: &Tensor<S, Real, Dev>) -> Tensor<S, Real, Dev> {
    side::sum(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Case};
    use crate::scale::scale;

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "sum of branches".into(),
            input: (3, 4),
            arrays: vec![(1, 1.7)],
        };
        check::operation(&case, |x, _, arrays| add(x.clone(), scale(x, &arrays[0], true)));
    }
}
