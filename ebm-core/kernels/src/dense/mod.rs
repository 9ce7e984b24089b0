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

mod case;
mod common;
#[cfg(not(device_kernels))]
mod thin;

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use dfdx::prelude::*;

use crate::activation::Activation;
use crate::buffers::native::{GradientBuffer, accumulate};
use crate::device::{Matrix, PerSample};
use crate::tape::SharedTape;

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
    let (x, mut tape) = x.split_tape();
    let rows = x.shape().0;
    assert_eq!(x.shape().1, layer.inputs, "a dense layer of {} inputs", layer.inputs);
    assert!(primal > 0 && rows % primal == 0, "{rows} rows are no multiple of {primal}");
    let sizes = Sizes { rows, primal, inputs: layer.inputs, outputs: layer.outputs };
    let (y, saved) = backend::forward(sizes, &x, &layer, tape.is_recording());
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
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
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::device::Real;
    use crate::{buffers, tape};

    /// A layer with the arrays weight, bias and slope, as far as they are given.
    fn layer(inputs: usize, outputs: usize, activation: Activation, arrays: &[PerSample]) -> Dense {
        let slope = arrays.get(2).filter(|_| activation.has_learned_slope());
        Dense {
            weight: arrays[0].clone(),
            bias: arrays.get(1).cloned(),
            slope: slope.cloned(),
            inputs,
            outputs,
            activation,
            trains: true,
        }
    }

    #[test]
    fn common_columns_are_those_of_every_row() {
        let layer = layer(5, 4, Activation::Silu, &[check::array(20, 0.6, 0), check::array(4, 0.4, 1)]);
        let off = SharedTape::off();
        let common: Matrix = buffers::tensor(vec![0.3, -0.7], (1, 2));
        let folded = layer.clone().with_common(off.watch(&common));
        let (own, beside): (Matrix, Matrix) =
            (buffers::tensor(vec![1.0, 2.0, 3.0], (1, 3)), buffers::tensor(vec![1.0, 2.0, 3.0, 0.3, -0.7], (1, 5)));
        let folded = dense(off.watch(&own), 1, folded).as_vec();
        for (ours, truth) in folded.iter().zip(dense(off.watch(&beside), 1, layer).as_vec()) {
            check::close("folded", f64::from(*ours), f64::from(truth), 1.0);
        }
    }

    #[test]
    fn values_are_those_of_the_formula() {
        // W = [[1, 2], [-3, 0.5]], b = [0.25, -0.5], x = [1, -1] (row), tangent [2, 1]:
        // a = [-0.75, -4], s = [4, -5.5]; leaky ReLU of slope 0.2 multiplies both by 0.2.
        let arrays = [buffers::tensor(vec![1.0, 2.0, -3.0, 0.5], (4,)), buffers::tensor(vec![0.25, -0.5], (2,))];
        let x = buffers::tensor(vec![1.0, -1.0, 2.0, 1.0], (2, 2)).put_tape(SharedTape::off());
        let y = dense(x, 1, layer(2, 2, Activation::LeakyRelu, &arrays)).as_vec();
        let expected: [Real; 4] = [-0.15, -0.8, 0.8, -1.1];
        for (a, b) in y.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{y:?}");
        }
    }

    #[test]
    fn a_large_batch_on_several_threads_equals_its_parts() {
        const ROWS: usize = 1500;
        let arrays = [check::array(40 * 30, 0.2, 0), check::array(40, 0.1, 1)];
        let x = check::array(ROWS * 30, 1.0, 9).as_vec();
        let weights = check::array(ROWS * 40, 1.0, 10).as_vec();
        // Outputs, and gradients in the inputs, the weights and the bias.
        let run = |rows: std::ops::Range<usize>| {
            let n = rows.len();
            let part = buffers::tensor(x[rows.start * 30..rows.end * 30].to_vec(), (n, 30));
            let cotangents = buffers::tensor(weights[rows.start * 40..rows.end * 40].to_vec(), (n, 40));
            let layer = layer(30, 40, Activation::Tanh, &arrays);
            let y = dense(SharedTape::inputs_only().watch(&part), n, layer);
            let values = y.as_vec();
            let mut g = tape::vjp(y, &cotangents);
            let [weight, bias] = &arrays;
            [values, g.of(&part).as_vec(), g.of(weight).as_vec(), g.of(bias).as_vec()]
        };
        let whole = run(0..ROWS);
        let parts: Vec<_> = (0..75).map(|k| run(20 * k..20 * (k + 1))).collect();
        let close = |a: Real, b: Real, tolerance: Real| assert!((a - b).abs() < tolerance * (1.0 + b.abs()), "{a} {b}");
        for (which, tolerance) in [(0, 1e-6), (1, 2e-3)] {
            let apart = parts.iter().flat_map(|part| &part[which]);
            whole[which].iter().zip(apart).for_each(|(a, b)| close(*a, *b, tolerance));
        }
        for which in [2, 3] {
            for (i, total) in whole[which].iter().enumerate() {
                close(*total, parts.iter().map(|part| part[which][i]).sum(), 2e-3);
            }
        }
    }
}
