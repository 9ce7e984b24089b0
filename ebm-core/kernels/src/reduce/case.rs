//! The cases of the self-test.

use dfdx::prelude::*;

use super::{differentiated, differentiated_by, hinge, mean, row_dot, sum};
use crate::device::{PerSample, Scalar};
use crate::selftest::Quantity::{InInputs, Value};
use crate::selftest::{Case, Operation, numbers, vector};
use crate::tape::{SharedTape, backward};

crate::selftest_cases!(cases);

/// Values summed: more than one block of threads has.
const COUNT: usize = 3000;

/// A function of an array.
fn scalar(name: &'static str, f: impl Fn(PerSample<SharedTape>) -> Scalar<SharedTape> + 'static) -> Case {
    Case::kernel(name, move || {
        // None of them below zero, so that nothing cancels.
        let x = vector(numbers(name, COUNT).into_iter().map(|v| 1.0 + v).collect());
        let y = f(SharedTape::inputs_only().watch(&x));
        vec![Value.of(&y), InInputs.of(&backward(y * 0.75).of(&x))]
    })
}

fn cases() -> Vec<Case> {
    vec![
        scalar("sum", sum),
        scalar("mean", mean),
        scalar("differentiated", |x| differentiated(x, 0.625, numbers("slopes", COUNT))),
        scalar("differentiated_by", |x| differentiated_by(x, 0.625, vector(numbers("slopes", COUNT)))),
        scalar("hinge: above zero", |x| hinge(mean(x))),
        scalar("hinge: below zero", |x| hinge(mean(x) * -1.0)),
        Operation::new("row_dot", 67, 45).tangents(0).array(67 * 45, 0).case(|x, _, arrays| {
            let (_, tape) = x.clone().split_tape();
            let other = tape.watch(&arrays[0]).reshape_like(x.shape());
            row_dot(x, other).reshape_like(&(67usize, 1usize))
        }),
    ]
}
