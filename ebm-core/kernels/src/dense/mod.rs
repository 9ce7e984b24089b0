//! A dense layer: `y = phi(x W^T + b)`, with its pushforward `phi'(x W^T + b) * (t W^T)`.
//!
//! Derivatives, with `a = x W^T + b`, `s = t W^T` and cotangents `gy`, `gt`:
//! `ga = gy phi'(a) + sum_k gt_k phi''(a) s_k`, `gs_k = gt_k phi'(a)`, then `gx = ga W`, `gW = ga^T x + sum_k gs_k^T t_k`,
//! `gb = sum ga`.
//!
//! ```
//! use ebm_kernels::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::Activation;
//! use ebm_kernels::dense::{Dense, dense};
//! use ebm_kernels::tape::SharedTape;
//!
//! let flat = |values: Vec<_>| -> PerSample { let n = values.len(); device().tensor_from_vec(values, (n,)) };
//! let layer = Dense {
//!     weight: flat(vec![1.0, 2.0, 3.0, 4.0]),
//!     bias: Some(flat(vec![0.5, -20.0])),
//!     slope: None,
//!     inputs: 2,
//!     outputs: 2,
//!     activation: Activation::Relu,
//!     trains: false,
//! };
//! // A sample (1, 1), and below it the direction (1, 0).
//! let rows: Matrix = device().tensor_from_vec(vec![1.0, 1.0, 1.0, 0.0], (2, 2));
//! let y = dense(SharedTape::off().watch(&rows), 1, layer);
//! // relu(3.5) and relu(-13); the derivative of the second is 0 there.
//! assert_eq!(values(&y), [3.5, 0.0, 1.0, 0.0]);
//! ```

mod activation;
mod common;
#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;
#[cfg(not(device_kernels))]
mod phi;
#[cfg(not(device_kernels))]
mod slices;
#[cfg(not(device_kernels))]
mod thin;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

pub use activation::Activation;
pub(crate) use activation::leak;
#[cfg(not(device_kernels))]
pub(crate) use phi::{Leaky, Phi, Silu, Softplus, Tanh, with_phi};

use crate::buffers::native::{GradientBuffer, plus};
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
    assert!(
        primal > 0 && rows % primal == 0,
        "{rows} rows are no multiple of {primal}"
    );
    let sizes = Sizes {
        rows,
        primal,
        inputs: layer.inputs,
        outputs: layer.outputs,
    };
    let (y, saved) = side::forward(sizes, &x, &layer, tape.is_recording());
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let mut slope_gradient = None;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                slope_gradient = side::backward_rows(sizes, &mut g, gx, &layer, &saved)?;
                Ok(())
            })?;
            if layer.trains {
                gradients
                    .get_or_alloc_mut(&layer.weight)?
                    .update(|gw| side::backward_weight(sizes, &g, &x, gw))?;
                if let Some(bias) = &layer.bias {
                    gradients
                        .get_or_alloc_mut(bias)?
                        .update(|gb| side::backward_bias(sizes, &g, gb))?;
                }
                if let (Some(slope), Some(total)) = (&layer.slope, &slope_gradient) {
                    gradients.get_or_alloc_mut(slope)?.update(|gs| plus(gs, total))?;
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
    use crate::buffers;
    use crate::check::{self, Case};
    use crate::device::Real;

    const ALL: [Activation; 7] = [
        Activation::Identity,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Prelu,
        Activation::Silu,
        Activation::Softplus,
        Activation::Tanh,
    ];

    fn layer(activation: Activation, arrays: &[PerSample]) -> Dense {
        Dense {
            weight: arrays[0].clone(),
            bias: Some(arrays[1].clone()),
            slope: (activation == Activation::Prelu).then(|| arrays[2].clone()),
            inputs: 3,
            outputs: 4,
            activation,
            trains: true,
        }
    }

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        for activation in ALL {
            let case = Case {
                name: format!("dense {activation:?}"),
                input: (5, 3),
                arrays: vec![(12, 0.6), (4, 0.4), (1, 0.3)],
            };
            check::operation(&case, |x, primal, arrays| dense(x, primal, layer(activation, arrays)));
        }
    }

    #[test]
    fn common_columns_are_those_of_every_row() {
        let case = Case {
            name: "dense with common columns".into(),
            input: (5, 3),
            arrays: vec![(4 * 5, 0.6), (4, 0.4), (2, 0.8)],
        };
        check::operation(&case, |x, primal, arrays| {
            let layer = Dense {
                inputs: 5,
                ..layer(Activation::Silu, arrays)
            };
            let (_, tape) = x.clone().split_tape();
            let common: Matrix<SharedTape> = tape.watch(&arrays[2]).reshape_like(&(1, 2));
            dense(x, primal, layer.with_common(common))
        });

        let layer = Dense {
            inputs: 5,
            ..layer(Activation::Silu, &[check::array(20, 0.6, 0), check::array(4, 0.4, 1)])
        };
        let off = SharedTape::off();
        let common: Matrix = buffers::tensor(vec![0.3, -0.7], (1, 2));
        let folded = layer.clone().with_common(off.watch(&common));
        let (own, beside): (Matrix, Matrix) = (
            buffers::tensor(vec![1.0, 2.0, 3.0], (1, 3)),
            buffers::tensor(vec![1.0, 2.0, 3.0, 0.3, -0.7], (1, 5)),
        );
        let folded = dense(off.watch(&own), 1, folded).as_vec();
        for (ours, truth) in folded.iter().zip(dense(off.watch(&beside), 1, layer).as_vec()) {
            check::close("folded", f64::from(*ours), f64::from(truth), 1.0);
        }
    }

    #[test]
    fn every_product_agrees_with_finite_differences() {
        // Narrow and wide sides take different paths.
        for (inputs, outputs) in [(2, 11), (11, 2), (11, 12)] {
            let case = Case {
                name: format!("dense {inputs} -> {outputs}"),
                input: (3, inputs),
                arrays: vec![(inputs * outputs, 0.4), (outputs, 0.4)],
            };
            check::operation(&case, |x, primal, arrays| {
                let layer = Dense {
                    weight: arrays[0].clone(),
                    bias: Some(arrays[1].clone()),
                    slope: None,
                    inputs,
                    outputs,
                    activation: Activation::Silu,
                    trains: true,
                };
                dense(x, primal, layer)
            });
        }
    }

    #[test]
    fn gradients_of_a_batch_split_over_threads_are_the_sums_of_its_parts() {
        let arrays = [check::array(40 * 30, 0.2, 0), check::array(40, 0.1, 1)];
        let x = check::array(1200 * 30, 1.0, 9).as_vec();
        let weights = check::array(1200 * 40, 1.0, 10).as_vec();
        let gradients = |rows: std::ops::Range<usize>| {
            let tape = SharedTape::inputs_only();
            let n = rows.len();
            let part = buffers::tensor(x[rows.start * 30..rows.end * 30].to_vec(), (n, 30));
            let layer = Dense {
                weight: arrays[0].clone(),
                bias: Some(arrays[1].clone()),
                slope: None,
                inputs: 30,
                outputs: 40,
                activation: Activation::Tanh,
                trains: true,
            };
            let y = dense(tape.watch(&part), n, layer);
            let c = buffers::tensor(weights[rows.start * 40..rows.end * 40].to_vec(), (n, 40));
            let mut g = crate::tape::backward(crate::sum(crate::row_dot(y, tape.watch(&c))));
            (
                g.of(&part).as_vec(),
                g.of(&arrays[0]).as_vec(),
                g.of(&arrays[1]).as_vec(),
            )
        };
        let whole = gradients(0..1200);
        let parts: Vec<_> = (0..60).map(|k| gradients(20 * k..20 * (k + 1))).collect();
        let close = |a: Real, b: Real| assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()), "{a} {b}");
        let inputs = parts.iter().flat_map(|p| &p.0);
        whole.0.iter().zip(inputs).for_each(|(a, b)| close(*a, *b));
        for (i, total) in whole.1.iter().enumerate() {
            close(*total, parts.iter().map(|p| p.1[i]).sum());
        }
        for (i, total) in whole.2.iter().enumerate() {
            close(*total, parts.iter().map(|p| p.2[i]).sum());
        }
    }

    #[test]
    fn values_are_those_of_the_formula() {
        // W = [[1, 2], [-3, 0.5]], b = [0.25, -0.5], x = [1, -1] (row), tangent [2, 1]:
        // a = [-0.75, -4], s = [4, -5.5]; leaky ReLU of slope 0.2 multiplies both by 0.2.
        let layer = Dense {
            weight: buffers::tensor(vec![1.0, 2.0, -3.0, 0.5], (4,)),
            bias: Some(buffers::tensor(vec![0.25, -0.5], (2,))),
            slope: None,
            inputs: 2,
            outputs: 2,
            activation: Activation::LeakyRelu,
            trains: false,
        };
        let x = buffers::tensor(vec![1.0, -1.0, 2.0, 1.0], (2, 2)).put_tape(SharedTape::off());
        let y = dense(x, 1, layer).as_vec();
        let expected: [Real; 4] = [-0.15, -0.8, 0.8, -1.1];
        for (a, b) in y.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{y:?}");
        }
    }

    #[test]
    fn large_batches_on_several_threads_equal_small_ones() {
        // 1500 rows are split over the threads, one row is not.
        let arrays: Vec<PerSample> = [(40 * 30, 0.2), (40, 0.1)]
            .iter()
            .enumerate()
            .map(|(i, &(n, scale))| check::array(n, scale, i as u64))
            .collect();
        let layer = |_: ()| Dense {
            weight: arrays[0].clone(),
            bias: Some(arrays[1].clone()),
            slope: None,
            inputs: 30,
            outputs: 40,
            activation: Activation::Silu,
            trains: false,
        };
        let x = check::array(1500 * 30, 1.0, 9).as_vec();
        let run = |rows: &[Real]| {
            let x = buffers::tensor(rows.to_vec(), (rows.len() / 30, 30)).put_tape(SharedTape::off());
            let n = x.shape().0;
            dense(x, n, layer(())).as_vec()
        };
        let all = run(&x);
        for row in [0, 749, 750, 1499] {
            let one = run(&x[row * 30..(row + 1) * 30]);
            for (a, b) in one.iter().zip(&all[row * 40..]) {
                assert!((a - b).abs() <= 1e-6 * (1.0 + a.abs()), "row {row}: {a} {b}");
            }
        }
    }
}
