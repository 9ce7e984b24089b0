//! The cases of the self-test.

use super::{BatchNorm, Statistics, batch_norm, statistics};
use crate::epilogue::Epilogue;
use crate::selftest::Quantity::Value;
use crate::selftest::{Case, Operation, matrix, scaled, vector};
use crate::tape::SharedTape;

crate::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    // Of vectors, and of images with more pixels than are added up at once.
    [("vectors", 1, 24), ("images", 49, 20)].into_iter().flat_map(of).collect()
}

fn of((of, pixels, channels): (&'static str, usize, usize)) -> [Case; 3] {
    let operation = |what: &str, tangents| {
        Operation::new(format!("batch_norm: {of}, {what}"), 37, pixels * channels)
            .tangents(tangents)
            .array(channels, 0)
            .array(channels, 0)
    };
    let above_one = scaled(&format!("{of}/variance"), channels, -1).into_iter().map(|v| 1.0 + v);
    let running =
        Statistics { mean: vector(scaled(&format!("{of}/mean"), channels, -2)), variance: vector(above_one.collect()) };
    [
        operation("running statistics", 2).kinked(true).case(move |x, primal, arrays| {
            let layer = BatchNorm {
                statistics: &running,
                of_this_batch: false,
                gamma: &arrays[0],
                beta: &arrays[1],
                epilogue: Epilogue::Leaky(0.25),
                trains: true,
            };
            batch_norm(x, primal, layer)
        }),
        operation("batch statistics", 0).case(move |x, primal, arrays| {
            let layer = BatchNorm {
                statistics: &statistics(&x, channels),
                of_this_batch: true,
                gamma: &arrays[0],
                beta: &arrays[1],
                epilogue: Epilogue::Tanh,
                trains: true,
            };
            batch_norm(x, primal, layer)
        }),
        Case::kernel(format!("statistics: {of}"), move || {
            let x = matrix(&format!("statistics/{of}"), 37, pixels * channels);
            let found = statistics(&SharedTape::off().watch(&x), channels);
            let ((value, means), (_, variances)) = (Value.of(&found.mean), Value.of(&found.variance));
            vec![(value, [means, variances].concat())]
        }),
    ]
}
