//! Multiplication by one learned number: `y = a x`.

use dfdx::prelude::*;

use crate::buffers::native::{filled, stored, view};
use crate::device::PerSample;
use crate::elementwise::{add_multiple, multiply};
use crate::record::record_binary;
use crate::reduce::backend::add_dot;
use crate::selftest::{Case, Operation};
use crate::tape::Taped;

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

crate::selftest_cases!(cases);
fn cases() -> Vec<Case> {
    let operation = Operation::new("scale", 67, 9).array(1, 1);
    vec![operation.case(|x, _, arrays| scale(x, &arrays[0], true))]
}
