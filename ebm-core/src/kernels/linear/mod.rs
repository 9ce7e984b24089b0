//! Linear maps of rows, each given with its transpose.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::buffers::native::GradientBuffer;
use crate::device::Matrix;
use crate::tape::SharedTape;

pub(super) use side::LinearMap;

/// The map of every row, tangents alike.
///
/// # Panics
/// If the rows are not as wide as the map takes them.
pub(super) fn linear(x: Matrix<SharedTape>, map: impl LinearMap) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    assert_eq!(width, map.sizes().0, "the width of the rows");
    let y = side::apply(&x, map);
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_transpose(gx, &g, rows, map))
        });
    }
    y.put_tape(tape)
}
