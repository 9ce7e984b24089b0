//! A dense layer: `y = phi(x W^T + b)`, with its pushforward `phi'(x W^T + b) * (t W^T)`.
//!
//! Derivatives, with `a = x W^T + b`, `s = t W^T` and cotangents `gy`, `gt`:
//! `ga = gy phi'(a) + sum_k gt_k phi''(a) s_k`, `gs_k = gt_k phi'(a)`, then `gx = ga W`, `gW = ga^T x + sum_k gs_k^T t_k`,
//! `gb = sum ga`.
//!
//! ```
//! use ebm_kernels::Activation;
//! use ebm_kernels::buffers::{tensor, values};
//! use ebm_kernels::dense::{Dense, dense};
//! use ebm_kernels::tape::SharedTape;
//!
//! let layer = Dense {
//!     weight: tensor(vec![1.0, 2.0, 3.0, 4.0], (4,)),
//!     bias: Some(tensor(vec![0.5, -20.0], (2,))),
//!     slope: None,
//!     inputs: 2,
//!     outputs: 2,
//!     activation: Activation::Relu,
//!     trains: false,
//! };
//! // A sample (1, 1), and below it the direction (1, 0).
//! let rows = tensor(vec![1.0, 1.0, 1.0, 0.0], (2, 2));
//! let y = dense(SharedTape::off().watch(&rows), 1, layer);
//! // relu(3.5) and relu(-13); the derivative of the second is 0 there.
//! assert_eq!(values(&y), [3.5, 0.0, 1.0, 0.0]);
//! ```

mod common;
#[cfg(not(device_kernels))]
mod thin;

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::activation::Activation;
use crate::prelude::*;

/// A dense layer's arrays and options.
#[derive(Clone)]
pub struct Dense {
    /// `[outputs, inputs]`, flat.
    pub weight: PerSample,
    /// `[outputs]`.
    pub bias: Option<PerSample>,
    /// The learned slope of a PReLU, `[1]`.
    pub slope: Option<PerSample>,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// The activation function.
    pub activation: Activation,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

/// The sizes of a pass.
#[derive(Clone, Copy)]
struct Sizes {
    /// Rows in all, `(1+K) * primal`.
    rows: usize,
    /// Rows of values.
    primal: usize,
    inputs: usize,
    outputs: usize,
}

/// Applies the layer to `[(1+K) * primal, inputs]`: values in the first `primal` rows, tangents below.
pub fn dense(x: Matrix<SharedTape>, primal: usize, layer: Dense) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let rows = x.shape().0;
    assert_eq!(x.shape().1, layer.inputs, "a dense layer of {} inputs", layer.inputs);
    assert!(primal > 0 && rows % primal == 0, "{rows} rows are no multiple of {primal}");
    let sizes = Sizes { rows, primal, inputs: layer.inputs, outputs: layer.outputs };
    let (y, saved) = backend::forward(sizes, &x, &layer, tape.is_recording());
    let xg = x.ghost();
    record(tape, y, move |gradients, mut g| {
        let mut slope_gradient = None;
        gradients.get_or_alloc_mut(&xg)?.update(|gx| {
            slope_gradient = backend::backward_rows(sizes, &mut g, gx, &layer, &saved)?;
            Ok(())
        })?;
        if layer.trains {
            gradients.get_or_alloc_mut(&layer.weight)?.update(|gw| backend::backward_weight(sizes, &g, &x, gw))?;
            if let Some(bias) = &layer.bias {
                gradients.get_or_alloc_mut(bias)?.update(|gb| backend::backward_bias(sizes, &g, gb))?;
            }
            if let (Some(slope), Some(total)) = (&layer.slope, &slope_gradient) {
                gradients.get_or_alloc_mut(slope)?.update(|gs| accumulate(gs, total))?;
            }
        }
        Ok(())
    })
}

/// A layer with the arrays weight, bias and slope, as far as they are given.
fn layer(inputs: usize, outputs: usize, activation: Activation, arrays: &[PerSample]) -> Dense {
    let (weight, bias, slope) = (arrays[0].clone(), arrays.get(1).cloned(), arrays.get(2).cloned());
    Dense { weight, bias, slope, inputs, outputs, activation, trains: true }
}

crate::selftest_cases!(|| {
    let operation = |of: &str, samples, inputs, outputs| {
        let operation = Operation::new(format!("dense: {of}"), samples, inputs);
        operation.array(inputs * outputs, -2).array(outputs, -1)
    };
    let of_activation = |&activation: &Activation| {
        let operation = operation(&format!("{activation:?}").to_lowercase(), 37, 24, 40);
        let operation = operation.kinked(activation.is_piecewise_linear());
        let operation = if activation.has_learned_slope() { operation.array(1, -2) } else { operation };
        operation.case(move |x, primal, arrays| dense(x, primal, layer(24, 40, activation, arrays)))
    };
    let of_size = |(samples, inputs, outputs)| {
        let of = format!("{samples} samples, {inputs} to {outputs}");
        operation(&of, samples, inputs, outputs)
            .case(move |x, primal, arrays| dense(x, primal, layer(inputs, outputs, Activation::Silu, arrays)))
    };
    let plain = Operation::new("dense: without bias, no tangents", 65, 33).tangents(0).array(33 * 20, -2);
    let common = Operation::new("dense: with_common", 37, 24).array(30 * 40, -2).array(40, -1).array(6, 0);
    let mut cases: Vec<Case> = Activation::ALL.iter().map(of_activation).collect();
    // Few inputs or few outputs go another way than many.
    cases.extend([(37, 2, 70), (37, 70, 2), (300, 70, 45), (3, 1, 1)].map(of_size));
    cases.push(plain.case(|x, primal, arrays| dense(x, primal, layer(33, 20, Activation::Tanh, arrays))));
    cases.push(common.case(|x, primal, arrays| {
        let common = beside(&x, &arrays[2], (1usize, 6usize));
        dense(x, primal, layer(30, 40, Activation::Silu, &arrays[..2]).with_common(common))
    }));
    cases
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_columns_are_those_of_every_row() {
        let layer = layer(5, 4, Activation::Silu, &[check::array(20, 0.6, 0), check::array(4, 0.4, 1)]);
        let off = SharedTape::off();
        let common: Matrix = buffers::tensor(vec![0.3, -0.7], (1, 2));
        let folded = layer.clone().with_common(off.watch(&common));
        let (own, beside): (Matrix, Matrix) =
            (buffers::tensor(vec![1.0, 2.0, 3.0], (1, 3)), buffers::tensor(vec![1.0, 2.0, 3.0, 0.3, -0.7], (1, 5)));
        let folded = dense(off.watch(&own), 1, folded).as_vec();
        check::all_close(&folded, dense(off.watch(&beside), 1, layer).as_vec(), check::TOLERANCE);
    }

    #[test]
    fn a_large_batch_on_several_threads_equals_its_parts() {
        let arrays = [check::array(40 * 30, 0.2, 0), check::array(40, 0.1, 1)];
        let layer = layer(30, 40, Activation::Tanh, &arrays);
        check::parts((1500, 30, 40), 20, &arrays, 1.0, (1e-6, 2e-3), |x, n| dense(x, n, layer.clone()));
    }
}
