//! Dense layers, activations, endings.

use ebm_core::device::{Matrix, PerSample};
use ebm_core::dfdx::prelude::*;
use ebm_core::kernels::activate::activate;
use ebm_core::kernels::dense::{Dense, dense};
use ebm_core::kernels::{Activation, Ending, ending::end};
use ebm_core::tape::SharedTape;

use crate::selftest::case::Case;
use crate::selftest::operation::Operation;

const ACTIVATIONS: [Activation; 7] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Prelu,
    Activation::Silu,
    Activation::Softplus,
    Activation::Tanh,
];

/// Few inputs or few outputs go another way than many.
const SIZES: [(usize, usize, usize); 4] = [(37, 2, 70), (37, 70, 2), (300, 70, 45), (3, 1, 1)];

fn layer(inputs: usize, outputs: usize, activation: Activation, arrays: &[PerSample]) -> Dense {
    Dense {
        weight: arrays[0].clone(),
        bias: Some(arrays[1].clone()),
        slope: arrays.get(2).cloned(),
        inputs,
        outputs,
        activation,
        trains: true,
    }
}

fn name(activation: Activation) -> String {
    format!("{activation:?}").to_lowercase()
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for activation in ACTIVATIONS {
        let slope = |operation: Operation| match activation {
            Activation::Prelu => operation.array(1, -2),
            _ => operation,
        };
        let of = format!("dense: {}", name(activation));
        let operation = Operation::new(of, 37, 24).array(24 * 40, -2).array(40, -1);
        cases.push(slope(operation).case(move |x, primal, arrays| dense(x, primal, layer(24, 40, activation, arrays))));
        let operation = slope(Operation::new(format!("activate: {}", name(activation)), 37, 40));
        cases.push(operation.case(move |x, primal, arrays| activate(x, primal, activation, arrays.first(), true)));
    }
    for (samples, inputs, outputs) in SIZES {
        let of = format!("dense: {samples} samples, {inputs} to {outputs}");
        let operation = Operation::new(of, samples, inputs)
            .array(inputs * outputs, -2)
            .array(outputs, -1);
        cases.push(
            operation.case(move |x, primal, arrays| dense(x, primal, layer(inputs, outputs, Activation::Silu, arrays))),
        );
    }
    let operation = Operation::new("dense: without bias, no tangents", 65, 33)
        .tangents(0)
        .array(33 * 20, -2);
    cases.push(operation.case(|x, primal, arrays| {
        let layer = Dense {
            weight: arrays[0].clone(),
            bias: None,
            slope: None,
            inputs: 33,
            outputs: 20,
            activation: Activation::Tanh,
            trains: true,
        };
        dense(x, primal, layer)
    }));
    let operation = Operation::new("dense: with_common", 37, 24)
        .array(30 * 40, -2)
        .array(40, -1)
        .array(6, 0);
    cases.push(operation.case(|x, primal, arrays| {
        let layer = layer(30, 40, Activation::Silu, &arrays[..2]);
        let (_, tape) = x.clone().split_tape();
        let common: Matrix<SharedTape> = tape.watch(&arrays[2]).reshape_like(&(1, 6));
        dense(x, primal, layer.with_common(common))
    }));
    for (of, ending) in [
        ("identity", Ending::Identity),
        ("relu", Ending::Leaky(0.0)),
        ("leaky", Ending::Leaky(0.25)),
        ("tanh", Ending::Tanh),
    ] {
        let operation = Operation::new(format!("end: {of}"), 37, 40);
        cases.push(operation.case(move |x, primal, _| end(x, primal, ending)));
    }
    cases
}
