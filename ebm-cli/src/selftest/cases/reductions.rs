//! Sums, and functions with one value.

use ebm_core::device::{PerSample, Scalar, values};
use ebm_core::dfdx::prelude::*;
use ebm_core::kernels::{cross_entropy, differentiated, differentiated_by, hinge, mean, row_dot, sum};
use ebm_core::tape::{SharedTape, backward};

use crate::selftest::case::{Case, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::{Operation, doubles, matrix, vector};

/// Values summed: more than one block of threads has.
const COUNT: usize = 3000;

/// A function of an array.
fn scalar(name: &'static str, f: impl Fn(PerSample<SharedTape>) -> Scalar<SharedTape> + 'static) -> Case {
    Case::new(format!("kernel {name}"), OPERATION, move || {
        // None of them below zero, so that nothing cancels.
        let x = vector(numbers(name, COUNT).into_iter().map(|v| 1.0 + v).collect());
        let y = f(SharedTape::inputs_only().watch(&x));
        let value = doubles(values(&y));
        let gradient = backward(y * 0.75).of(&x);
        vec![
            (Compared::Value, value),
            (Compared::InInputs, doubles(values(&gradient))),
        ]
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        scalar("sum", sum),
        scalar("mean", mean),
        scalar("differentiated", |x| differentiated(x, 0.625, numbers("slopes", COUNT))),
        scalar("differentiated_by", |x| {
            differentiated_by(x, 0.625, vector(numbers("slopes", COUNT)))
        }),
        scalar("hinge: above zero", |x| hinge(mean(x))),
        scalar("hinge: below zero", |x| hinge(mean(x) * -1.0)),
        Operation::new("row_dot", 67, 45)
            .tangents(0)
            .array(67 * 45, 0)
            .case(|x, _, arrays| {
                let (_, tape) = x.clone().split_tape();
                let other = tape.watch(&arrays[0]).reshape_like(x.shape());
                row_dot(x, other).reshape_like(&(67usize, 1usize))
            }),
        Case::new("kernel cross_entropy", OPERATION, || {
            let logits = matrix("cross_entropy", 67, 10);
            let labels: Vec<usize> = (0..67).map(|i| i * 7 % 10).collect();
            let loss = cross_entropy(SharedTape::inputs_only().watch(&logits), &labels);
            let value = doubles(values(&loss));
            let gradient = backward(loss).of(&logits);
            vec![
                (Compared::Value, value),
                (Compared::InInputs, doubles(values(&gradient))),
            ]
        }),
    ]
}
