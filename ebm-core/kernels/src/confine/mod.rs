//! The quadratic confinement of an energy: `y + kappa/2 ||x||^2`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::columns::take_columns;
use crate::prelude::*;

/// Adds `kappa/2 ||x||^2` to the values and `kappa <x, t>` to the tangents.
///
/// `y` is `[rows, 1]`, `x` is `[rows, D]`; the first `primal` rows are values.
pub fn confine(y: Matrix<SharedTape>, x: Matrix<SharedTape>, primal: usize, kappa: Real) -> Matrix<SharedTape> {
    let ((y, tape), (x, other)) = (y.split_tape(), x.split_tape());
    let (rows, columns) = *x.shape();
    let confined = filled(*y.shape(), |out| {
        backend::confine(rows, columns, primal, kappa, stored(&y)?.read(), stored(&x)?.read(), out)
    });
    let kept = x.clone();
    record_binary(tape.merge(other), Some(&y), &x, confined, accumulate, move |gx, g| {
        backend::add_confined(primal, columns, rows / primal, kappa, view(&g), stored(&kept)?.read(), gx)
    })
}

crate::selftest_cases!(|| {
    vec![Operation::new("confine", 67, 9).case(|x, primal, _| {
        let y = take_columns(x.clone(), &[2]);
        confine(y, x, primal, 0.75)
    })]
});
