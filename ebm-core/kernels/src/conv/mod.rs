//! Convolution and transposed convolution of images `[rows, height * width * channels]`, with their pushforwards.
//!
//! With `P` the map from an image to the patches under a sliding kernel, a convolution is `y = phi(P(x) W^T + b)` and a
//! transposed one `y = phi(P^T(x W) + b)`: for equal weights and sizes the linear parts are each other's transposes. Both are
//! linear in x, so tangents go the same way without the bias. Derivatives, with cotangents g before the activation: of a
//! convolution `gx = P^T(g W)`, `gW = g^T P(x)`; of a transposed one `gx = P(g) W^T`, `gW = x^T P(g)`; `gb` sums the values'
//! cotangents over rows and pixels.
//!
//! ```
//! use ebm_kernels::buffers::{tensor, values};
//! use ebm_kernels::conv::{Conv, conv};
//! use ebm_kernels::tape::SharedTape;
//! use ebm_kernels::{Epilogue, Extent};
//!
//! // How much brighter an image is at the right of a pixel than at its left.
//! let slope = Conv {
//!     weight: tensor(vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0], (9,)),
//!     bias: Some(tensor(vec![0.5], (1,))),
//!     inputs: Extent::new(3, 3, 1),
//!     outputs: 1,
//!     kernel: 3,
//!     stride: 1,
//!     padding: 0,
//!     epilogue: Epilogue::Identity,
//!     trains: false,
//! };
//! // The image 1, 2, ..., 9; below it the direction that brightens the pixel 6.
//! let image = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
//! let direction = vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
//! let rows = tensor([image, direction].concat(), (2, 9));
//! let y = conv(SharedTape::off().watch(&rows), 1, &slope);
//! // (3 - 1) + 2 (6 - 4) + (9 - 7) + 0.5, and the weight of that pixel.
//! assert_eq!(values(&y), [8.5, 2.0]);
//! ```

mod case;
mod layer;
#[cfg(not(device_kernels))]
mod patches;

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use dfdx::prelude::*;

pub use layer::{Conv, ConvTranspose};

use layer::Plan;

use crate::buffers::native::GradientBuffer;
use crate::device::{Matrix, PerSample};
use crate::epilogue::{Epilogue, vjp};
use crate::tape::SharedTape;

/// Convolves `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
pub fn conv(x: Matrix<SharedTape>, primal: usize, layer: &Conv) -> Matrix<SharedTape> {
    let arrays = Arrays {
        weight: layer.weight.clone(),
        bias: layer.bias.clone(),
        epilogue: layer.epilogue,
        trains: layer.trains,
    };
    apply(x, primal, layer.plan(), arrays)
}

/// The transposed convolution of `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
pub fn conv_transpose(x: Matrix<SharedTape>, primal: usize, layer: &ConvTranspose) -> Matrix<SharedTape> {
    let arrays = Arrays {
        weight: layer.weight.clone(),
        bias: layer.bias.clone(),
        epilogue: layer.epilogue,
        trains: layer.trains,
    };
    apply(x, primal, layer.plan(), arrays)
}

struct Arrays {
    weight: PerSample,
    bias: Option<PerSample>,
    epilogue: Epilogue,
    trains: bool,
}

fn apply(x: Matrix<SharedTape>, primal: usize, plan: Plan, arrays: Arrays) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let (inputs, outputs) = (plan.inputs(), plan.outputs());
    assert_eq!(width, inputs.len(), "a convolution of images {inputs}");
    assert!(primal > 0 && rows % primal == 0, "{rows} rows are no multiple of {primal}");
    let y = backend::forward(&x, primal, plan, &arrays);
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let kept = (arrays.epilogue != Epilogue::Identity).then(|| y.clone());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(y) = &kept {
                vjp(&mut g, y, primal, arrays.epilogue)?;
            }
            gradients.get_or_alloc_mut(&xg)?.update(|gx| backend::add_vjp(gx, &g, primal, plan, &arrays))?;
            if arrays.trains {
                gradients
                    .get_or_alloc_mut(&arrays.weight)?
                    .update(|gw| backend::add_weight_gradient(gw, &g, &x, primal, plan))?;
                if let Some(bias) = &arrays.bias {
                    gradients
                        .get_or_alloc_mut(bias)?
                        .update(|gb| backend::add_bias_gradient(gb, &g, primal * outputs.len()))?;
                }
            }
            Ok(())
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests;
