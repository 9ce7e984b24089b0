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

mod layer;
#[cfg(not(device_kernels))]
mod patches;

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

pub use layer::Conv;

use crate::channel_sums::add_sums;
use crate::epilogue::vjp;
use crate::prelude::*;
use layer::{Direction, Plan};

/// Convolves `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
pub fn conv(x: Matrix<SharedTape>, primal: usize, layer: &Conv) -> Matrix<SharedTape> {
    apply(x, primal, layer.plan(), layer.clone())
}

/// The transposed convolution of `[(1+K) * primal, inputs]`: images in the first `primal` rows, tangents below.
///
/// `added` pixels, fewer than the stride, are added at the bottom and at the right: several input sizes convolve to the same
/// output size, and `added` says which one the transpose restores.
pub fn conv_transpose(x: Matrix<SharedTape>, primal: usize, layer: &Conv, added: usize) -> Matrix<SharedTape> {
    apply(x, primal, layer.transposed_plan(added), layer.clone())
}

fn apply(x: Matrix<SharedTape>, primal: usize, plan: Plan, layer: Conv) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let (inputs, outputs) = (plan.inputs(), plan.outputs());
    assert_eq!(width, inputs.len(), "a convolution of images {inputs}");
    assert!(primal > 0 && rows % primal == 0, "{rows} rows are no multiple of {primal}");
    let y = filled((rows, outputs.len()), |y| plan.pass(plan.direction, primal, stored(&x)?.read(), &layer, y));
    let xg = x.ghost();
    let kept = (layer.epilogue != Epilogue::Identity).then(|| y.clone());
    record(tape, y, move |gradients, mut g| {
        if let Some(y) = &kept {
            vjp(&mut g, y, primal, layer.epilogue)?;
        }
        let back = if plan.direction == Direction::Down { Direction::Up } else { Direction::Down };
        gradients.get_or_alloc_mut(&xg)?.update(|gx| plan.pass(back, primal, view(&g), &layer, gx))?;
        if layer.trains {
            let gw = gradients.get_or_alloc_mut(&layer.weight)?;
            gw.update(|gw| plan.add_weight_gradient(stored(&x)?.read(), view(&g), gw))?;
            if let Some(bias) = &layer.bias {
                let gb = gradients.get_or_alloc_mut(bias)?;
                gb.update(|gb| add_sums(part(view(&g), 0..primal * outputs.len()), outputs.channels, gb))?;
            }
        }
        Ok(())
    })
}

impl Plan {
    /// Maps images in `direction` and adds them to `to`. In the layer's own direction it writes instead (`to` must be zero), then
    /// applies bias and epilogue.
    fn pass(&self, direction: Direction, primal: usize, from: In, layer: &Conv, to: Out) -> DevResult {
        let weight = self.oriented(&layer.weight);
        let (weight, end) = (stored(&weight)?, (direction == self.direction).then_some(layer));
        match direction {
            Direction::Down => self.down(primal, from, weight.read(), to, end),
            Direction::Up => self.up(primal, from, weight.read(), to, end),
        }
    }

    /// `gw +=` the gradient of the weights, given inputs and cotangents.
    fn add_weight_gradient(&self, x: In, g: In, gw: Out) -> DevResult {
        let (coarse, fine) = match self.direction {
            Direction::Down => (g, x),
            Direction::Up => (x, g),
        };
        if !self.mirrored {
            return self.weight(coarse, fine, gw);
        }
        let mut sum = zeros(gw.len())?;
        self.weight(coarse, fine, view_mut(&mut sum))?;
        backend::add_mirrored_weights(
            self.window.fine.channels,
            self.window.kernel.pow(2),
            self.channels,
            view(&sum),
            gw,
        )
    }

    /// The layer's weights as `[channels, kernel, kernel, fine channels]`.
    fn oriented(&self, weight: &PerSample) -> PerSample {
        if !self.mirrored {
            return weight.clone();
        }
        filled(*weight.shape(), |oriented| {
            let weight = stored(weight)?;
            backend::mirror_weights(
                self.window.fine.channels,
                self.window.kernel.pow(2),
                self.channels,
                weight.read(),
                oriented,
            )
        })
    }
}

/// Images, output channels, `[kernel, stride, padding]`, and what follows.
type Shape = (Extent, usize, [usize; 3], Epilogue);

/// A layer with the arrays weight and bias, as far as they are given.
fn layer((inputs, outputs, [kernel, stride, padding], epilogue): Shape, arrays: &[PerSample]) -> Conv {
    let (weight, bias) = (arrays[0].clone(), arrays.get(1).cloned());
    Conv { weight, bias, inputs, outputs, kernel, stride, padding, epilogue, trains: true }
}

/// A convolution as a case; a transposed one, if pixels are added to its images.
fn case(shape: Shape, added: Option<usize>) -> Case {
    let (inputs, outputs, [kernel, stride, padding], epilogue) = shape;
    let name = if added.is_none() { "conv" } else { "conv_transpose" };
    let name = format!("{name}: {inputs} to {outputs}, kernel {kernel}, stride {stride}, padding {padding}");
    let operation = Operation::new(name, 3, inputs.len()).kinked(matches!(epilogue, Epilogue::Leaky(_)));
    let operation = operation.array(outputs * kernel * kernel * inputs.channels, -3).array(outputs, -1);
    operation.case(move |x, primal, arrays| match added {
        None => conv(x, primal, &layer(shape, arrays)),
        Some(added) => conv_transpose(x, primal, &layer(shape, arrays), added),
    })
}

crate::selftest_cases!(|| {
    let square = |side, channels| Extent::new(side, side, channels);
    vec![
        case((square(9, 3), 5, [3, 1, 1], Epilogue::Leaky(0.25)), None),
        case((square(8, 20), 24, [4, 2, 1], Epilogue::Tanh), None),
        // Few channels out of many go another way.
        case((square(8, 24), 3, [3, 1, 1], Epilogue::Identity), None),
        case((square(7, 5), 6, [3, 2, 0], Epilogue::Leaky(0.0)), None),
        case((square(6, 8), 8, [1, 1, 0], Epilogue::Identity), None),
        case((square(16, 32), 48, [3, 1, 1], Epilogue::Leaky(0.125)), None),
        case((square(4, 24), 20, [4, 2, 1], Epilogue::Leaky(0.25)), Some(0)),
        case((square(3, 5), 3, [3, 2, 1], Epilogue::Tanh), Some(1)),
        case((square(5, 6), 7, [3, 1, 1], Epilogue::Identity), Some(0)),
        case((square(8, 48), 32, [4, 2, 1], Epilogue::Leaky(0.0)), Some(0)),
    ]
});

#[cfg(test)]
mod tests;
