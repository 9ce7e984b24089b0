//! A positive factor a column: `y_c = e^{l_c} x_c`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;

/// `e^l x` for values and tangents alike; `logarithms` is `[columns]`.
pub fn stretch(x: Matrix<SharedTape>, logarithms: &PerSample, trains: bool) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, columns) = *x.shape();
    let y =
        filled((rows, columns), |y| backend::stretch(rows, columns, stored(logarithms)?.read(), stored(&x)?.read(), y));
    let (kept, l, other) = (x.clone(), logarithms.clone(), logarithms.clone());
    record_binary(
        tape,
        trains.then_some(logarithms),
        &x,
        y,
        move |gl, g| backend::add_to_logarithms(rows, columns, stored(&l)?.read(), view(g), stored(&kept)?.read(), gl),
        move |gx, g| backend::add_stretched(rows, columns, stored(&other)?.read(), view(&g), gx),
    )
}

crate::selftest_cases!(|| {
    vec![Operation::new("stretch", 67, 9).array(9, 0).case(|x, _, arrays| stretch(x, &arrays[0], true))]
});
