//! Multiplication by one learned number: `y = a x`.

use crate::elementwise::{add_multiple, multiply};
use crate::prelude::*;
use crate::reduce::backend::add_dot;

/// `a x` for values and tangents alike; `factor` is `[1]`.
pub fn scale<S: Shape>(x: Taped<S>, factor: &PerSample, trains: bool) -> Taped<S> {
    let (x, tape) = x.split_tape();
    let y = filled(*x.shape(), |y| multiply(y.len(), stored(factor)?.read(), stored(&x)?.read(), y));
    let (kept, a) = (x.clone(), factor.clone());
    record_binary(
        tape,
        trains.then_some(factor),
        &x,
        y,
        move |gf, g| add_dot(view(g), stored(&kept)?.read(), gf),
        move |gx, g| add_multiple(gx.len(), stored(&a)?.read(), view(&g), gx),
    )
}

crate::selftest_cases!(|| {
    vec![Operation::new("scale", 67, 9).array(1, 1).case(|x, _, arrays| scale(x, &arrays[0], true))]
});
