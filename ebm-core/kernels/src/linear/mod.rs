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

use crate::device::Matrix;
use crate::tape::SharedTape;
use crate::unary::recorded;

pub(super) use side::LinearMap;

/// The map of every row, tangents alike.
///
/// # Panics
/// If the rows are not as wide as the map takes them.
pub(super) fn linear(x: Matrix<SharedTape>, map: impl LinearMap) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, width) = *x.shape();
    assert_eq!(width, map.sizes().0, "the width of the rows");
    let y = side::apply(&x, map);
    recorded(tape, &x, y, move |gx, g| side::add_transpose(gx, &g, rows, map))
}
