//! Convolution and transposed convolution of images `[rows, height * width * channels]`, with their pushforwards.
//!
//! With `P` the map from an image to the patches under a sliding kernel, a convolution is `y = phi(P(x) W^T + b)` and a
//! transposed one `y = phi(P^T(x W) + b)`: for equal weights and sizes the linear parts are each other's transposes. Both are
//! linear in x, so tangents go the same way without the bias. Derivatives, with cotangents g before the activation: of a
//! convolution `gx = P^T(g W)`, `gW = g^T P(x)`; of a transposed one `gx = P(g) W^T`, `gW = x^T P(g)`; `gb` sums the values'
//! cotangents over rows and pixels.
//!
//! ```
//! use ebm_core::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::conv::{Conv, ConvTranspose, conv, conv_transpose};
//! use ebm_core::kernels::{Ending, Extent};
//! use ebm_core::tape::SharedTape;
//!
//! let flat = |values: Vec<_>| -> PerSample { let n = values.len(); device().tensor_from_vec(values, (n,)) };
//! // How much brighter an image is at the right of a pixel than at its left.
//! let slope = Conv {
//!     weight: flat(vec![-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0]),
//!     bias: Some(flat(vec![0.5])),
//!     inputs: Extent::new(3, 3, 1),
//!     outputs: 1,
//!     kernel: 3,
//!     stride: 1,
//!     padding: 0,
//!     ending: Ending::Identity,
//!     trains: false,
//! };
//! // The image 1, 2, ..., 9; below it the direction that brightens the pixel 6.
//! let image = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
//! let direction = vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
//! let rows: Matrix = device().tensor_from_vec([image, direction].concat(), (2, 9));
//! let y = conv(SharedTape::off().watch(&rows), 1, &slope);
//! // (3 - 1) + 2 (6 - 4) + (9 - 7) + 0.5, and the weight of that pixel.
//! assert_eq!(values(&y), [8.5, 2.0]);
//!
//! // Every pixel becomes a block, which is the kernel times its value.
//! let blocks = ConvTranspose {
//!     weight: flat(vec![1.0, 2.0, 3.0, 4.0]),
//!     bias: None,
//!     inputs: Extent::new(1, 2, 1),
//!     outputs: 1,
//!     kernel: 2,
//!     stride: 2,
//!     padding: 0,
//!     output_padding: 0,
//!     ending: Ending::Identity,
//!     trains: false,
//! };
//! let pixels: Matrix = device().tensor_from_vec(vec![1.0, 10.0], (1, 2));
//! let y = conv_transpose(SharedTape::off().watch(&pixels), 1, &blocks);
//! assert_eq!(values(&y), [1.0, 2.0, 10.0, 20.0, 3.0, 4.0, 30.0, 40.0]);
//! // Two pixels a row to four, and back.
//! assert_eq!((ConvTranspose::size(2, 2, 2, 0, 0), Conv::size(4, 2, 2, 0)), (Some(4), Some(2)));
//! ```

mod cpu;
mod layer;
mod window;

use dfdx::prelude::*;

pub use layer::{Conv, ConvTranspose};

use cpu::Slides;
use layer::{Direction, Plan};

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample, Real};
use crate::kernels::Ending;
use crate::kernels::math::vectorised;
use crate::kernels::parallel::Part;
use crate::tape::SharedTape;

/// Convolves `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
pub fn conv(x: Matrix<SharedTape>, primal: usize, layer: &Conv) -> Matrix<SharedTape> {
    let arrays = Arrays {
        weight: layer.weight.clone(),
        bias: layer.bias.clone(),
        ending: layer.ending,
        trains: layer.trains,
    };
    apply(x, primal, layer.plan(), arrays)
}

/// The transposed convolution of `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
pub fn conv_transpose(x: Matrix<SharedTape>, primal: usize, layer: &ConvTranspose) -> Matrix<SharedTape> {
    let arrays = Arrays {
        weight: layer.weight.clone(),
        bias: layer.bias.clone(),
        ending: layer.ending,
        trains: layer.trains,
    };
    apply(x, primal, layer.plan(), arrays)
}

struct Arrays {
    weight: PerSample,
    bias: Option<PerSample>,
    ending: Ending,
    trains: bool,
}

fn apply(x: Matrix<SharedTape>, primal: usize, plan: Plan, arrays: Arrays) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let (inputs, outputs) = (plan.inputs(), plan.outputs());
    assert_eq!(width, inputs.len(), "a convolution of images {inputs}");
    assert!(
        primal > 0 && rows % primal == 0,
        "{rows} rows are no multiple of {primal}"
    );
    let slides = plan.slides(primal);
    let mut y = vec![0.0; rows * outputs.len()];
    {
        let (x, weight) = (read(&x), plan.oriented(read(&arrays.weight)));
        let bias = arrays.bias.as_ref().map(read);
        let finish = |part: &mut Part<'_, Real>| {
            if let Some(bias) = &bias {
                add_bias(part.blocks[0], bias);
            }
            arrays.ending.apply(&mut part.blocks);
        };
        match plan.direction {
            Direction::Down => slides.down(&x, &weight, &mut y, false, finish),
            Direction::Up => slides.up(&x, &weight, &mut y, finish),
        }
    }
    let y = buffers::tensor(y, (rows, outputs.len()));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let kept = (arrays.ending != Ending::Identity).then(|| y.clone());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(y) = &kept {
                arrays.ending.pull_back_rows(&mut g, &read(y), primal, outputs.len());
            }
            let weight = plan.oriented(read(&arrays.weight));
            gradients.get_or_alloc_mut(&xg)?.update(|gx| match plan.direction {
                Direction::Down => slides.up(&g, &weight, gx, |_| ()),
                Direction::Up => slides.down(&g, &weight, gx, true, |_| ()),
            })?;
            if arrays.trains {
                let x = read(&x);
                gradients
                    .get_or_alloc_mut(&arrays.weight)?
                    .update(|gw| weight_gradient(plan, slides, &x, &g, gw))?;
                if let Some(bias) = &arrays.bias {
                    gradients
                        .get_or_alloc_mut(bias)?
                        .update(|gb| bias_gradient(&g[..primal * outputs.len()], gb))?;
                }
            }
            Ok(())
        });
    }
    y.put_tape(tape)
}

fn weight_gradient(plan: Plan, slides: Slides, x: &[Real], g: &[Real], gw: &mut [Real]) {
    let (coarse, fine) = match plan.direction {
        Direction::Down => (g, x),
        Direction::Up => (x, g),
    };
    if plan.mirrored {
        let mut sum = vec![0.0; gw.len()];
        slides.weight(coarse, fine, &mut sum);
        plan.add_mirrored(&sum, gw);
    } else {
        slides.weight(coarse, fine, gw);
    }
}

fn add_bias(values: &mut [Real], bias: &[Real]) {
    vectorised(|| {
        for pixel in values.chunks_exact_mut(bias.len()) {
            pixel.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
        }
    });
}

fn bias_gradient(g: &[Real], gb: &mut [Real]) {
    let totals = crate::kernels::channels::sums(g, gb.len());
    gb.iter_mut().zip(totals).for_each(|(b, t)| *b += t);
}

#[cfg(test)]
mod tests;
