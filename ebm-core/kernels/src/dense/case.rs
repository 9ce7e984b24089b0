//! The cases of the self-test.

use dfdx::prelude::*;

use super::{Dense, dense};
use crate::activation::Activation;
use crate::device::{Matrix, PerSample};
use crate::selftest::{Case, Operation};
use crate::tape::SharedTape;

crate::selftest_cases!(cases);

/// Few inputs or few outputs go another way than many.
const SIZES: [(usize, usize, usize); 4] = [(37, 2, 70), (37, 70, 2), (300, 70, 45), (3, 1, 1)];

fn layer(inputs: usize, outputs: usize, activation: Activation, arrays: &[PerSample]) -> Dense {
    Dense {
        weight: arrays[0].clone(),
        bias: arrays.get(1).cloned(),
        slope: arrays.get(2).cloned(),
        inputs,
        outputs,
        activation,
        trains: true,
    }
}

fn operation(of: &str, samples: usize, (inputs, outputs): (usize, usize)) -> Operation {
    let operation = Operation::new(format!("dense: {of}"), samples, inputs);
    operation.array(inputs * outputs, -2).array(outputs, -1)
}

fn cases() -> Vec<Case> {
    let of_activation = |&activation: &Activation| {
        let operation = operation(&format!("{activation:?}").to_lowercase(), 37, (24, 40));
        let operation = operation.kinked(activation.is_piecewise_linear());
        let operation = match activation.has_learned_slope() {
            true => operation.array(1, -2),
            false => operation,
        };
        operation.case(move |x, primal, arrays| dense(x, primal, layer(24, 40, activation, arrays)))
    };
    let of_size = |(samples, inputs, outputs)| {
        let of = format!("{samples} samples, {inputs} to {outputs}");
        operation(&of, samples, (inputs, outputs))
            .case(move |x, primal, arrays| dense(x, primal, layer(inputs, outputs, Activation::Silu, arrays)))
    };
    let mut cases: Vec<Case> = Activation::ALL.iter().map(of_activation).collect();
    cases.extend(SIZES.map(of_size));
    let plain = Operation::new("dense: without bias, no tangents", 65, 33);
    let plain = plain.tangents(0).array(33 * 20, -2);
    cases.push(plain.case(|x, primal, arrays| dense(x, primal, layer(33, 20, Activation::Tanh, arrays))));
    let common = Operation::new("dense: with_common", 37, 24);
    let common = common.array(30 * 40, -2).array(40, -1).array(6, 0);
    cases.push(common.case(|x, primal, arrays| {
        let layer = layer(30, 40, Activation::Silu, &arrays[..2]);
        let (_, tape) = x.clone().split_tape();
        let common: Matrix<SharedTape> = tape.watch(&arrays[2]).reshape_like(&(1, 6));
        dense(x, primal, layer.with_common(common))
    }));
    cases
}
