//! A vector a row added to every pixel: `y[r, p, c] = x[r, p, c] + s[r, c]`.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::channel_shift::channel_shift;
//! use ebm_kernels::tape::SharedTape;
//!
//! // An image of two pixels with two channels, and below it a direction.
//! let rows: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0, 1.0, 0.0, 0.0, 1.0], (2, 4));
//! let shift: Matrix = device().tensor_from_vec(vec![10.0, 20.0], (1, 2));
//! let tape = SharedTape::off();
//! let y = channel_shift(tape.watch(&rows), tape.watch(&shift), 1);
//! // A shift that every image shares does not depend on them: the direction is as it was.
//! assert_eq!(values(&y), [11.0, 22.0, 13.0, 24.0, 1.0, 0.0, 0.0, 1.0]);
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
use crate::device::Matrix;
use crate::tape::SharedTape;

/// Adds `shifts` `[rows, channels]` to the pixels of `[rows, pixels * channels]`; or one row, `[1, channels]`, to those of
/// every image, where the shift's tangents are 0. `primal`: rows of images, before those of tangents.
///
/// # Panics
/// If the shapes do not fit.
pub fn channel_shift(x: Matrix<SharedTape>, shifts: Matrix<SharedTape>, primal: usize) -> Matrix<SharedTape> {
    let ((x, tape), (shifts, other)) = (x.split_tape(), shifts.split_tape());
    let mut tape = tape.merge(other);
    let ((rows, width), (count, channels)) = (*x.shape(), *shifts.shape());
    assert!(
        width.is_multiple_of(channels) && (count == rows || count == 1),
        "shifts [{count}, {channels}] of [{rows}, {width}]"
    );
    let reached = if count == 1 { primal } else { rows };
    let sizes = Sizes {
        width,
        channels,
        count,
        reached,
    };
    let y = side::shifted(&x, &shifts, sizes);
    if tape.is_recording() {
        let (yg, xg, sg) = (y.ghost(), x.ghost(), shifts.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients
                .get_or_alloc_mut(&sg)?
                .update(|gs| side::add_sums(gs, &g, sizes))?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| plus(gx, &g))
        });
    }
    y.put_tape(tape)
}

#[derive(Clone, Copy)]
struct Sizes {
    /// Values of an image.
    width: usize,
    channels: usize,
    /// Rows of shifts.
    count: usize,
    /// Images that are shifted, the first ones.
    reached: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Case};
    use crate::columns::take_columns;

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "shift of each row's channels".into(),
            input: (3, 8),
            arrays: vec![],
        };
        check::operation(&case, |x, primal, _| {
            let shifts = take_columns(x.clone(), &[5, 0]);
            channel_shift(x, shifts, primal)
        });
    }

    #[test]
    fn one_row_of_shifts_moves_values_and_not_tangents() {
        let case = Case {
            name: "one shift for all rows".into(),
            input: (3, 8),
            arrays: vec![(2, 1.0)],
        };
        check::operation(&case, |x, primal, arrays| {
            let (_, tape) = x.clone().split_tape();
            let shift: Matrix<SharedTape> = tape.watch(&arrays[0]).reshape_like(&(1, 2));
            channel_shift(x, shift, primal)
        });
    }
}
