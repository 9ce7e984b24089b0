//! The dense layer on the device: products by the device's library, and the rest of a pass in one kernel.

use dfdx::prelude::*;

use super::{Activation, Dense, Sizes};
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, PerSample};
use crate::gpu::activation::{self, Form, Slope};
use crate::gpu::gemm::{self, Factor};
use crate::gpu::{In, Out, columns, elementwise, fold};

/// What the backward pass needs: `[rows, outputs]` values from which the activation's derivatives follow. They are those before
/// the activation, or, if it is piecewise linear with a constant slope, those after it, whose signs are the same.
pub(super) struct Saved(Option<Matrix>);

impl Sizes {
    /// Elements of a block of outputs, and blocks.
    fn blocks(self) -> (usize, usize) {
        (self.primal * self.outputs, self.rows / self.primal)
    }
}

/// The outputs, and what the backward pass needs if there is to be one.
pub(super) fn forward(sizes: Sizes, x: &Matrix, layer: &Dense, save: bool) -> (Matrix, Saved) {
    let Sizes {
        rows, inputs, outputs, ..
    } = sizes;
    let Form { number, leak } = layer.activation.into();
    let (n, blocks) = sizes.blocks();
    let product = |y: Out| {
        let (x, weight) = (stored(x)?, stored(&layer.weight)?);
        let weight = Factor::new(weight.read(), outputs, inputs).transpose();
        gemm::write(Factor::new(x.read(), rows, inputs), weight, y)
    };
    let shift = |mut y: Out| match &layer.bias {
        Some(bias) => activation::shift(n, outputs, stored(bias)?.read(), y.part(0..n)),
        None => Ok(()),
    };
    let shape = (rows, outputs);
    if save && keeps_linear(layer.activation) {
        let linear = filled(shape, |mut y| {
            product(y.again())?;
            shift(y)
        });
        let y = filled(shape, |y| {
            let slope = Slope::of(layer.slope.as_ref())?;
            activation::activate(n, blocks, number, leak, slope.read(), stored(&linear)?.read(), y)
        });
        return (y, Saved(Some(linear)));
    }
    let y = filled(shape, |mut y| {
        product(y.again())?;
        let slope = Slope::of(layer.slope.as_ref())?;
        match &layer.bias {
            _ if layer.activation == Activation::Identity => shift(y),
            Some(bias) => {
                let bias = stored(bias)?;
                activation::shift_and_activate(n, outputs, blocks, number, leak, slope.read(), bias.read(), y)
            }
            None => activation::activate_in_place(n, blocks, number, leak, slope.read(), y),
        }
    });
    let kept = save && layer.activation != Activation::Identity;
    let saved = Saved(kept.then(|| y.clone()));
    (y, saved)
}

/// Whether the derivatives do not follow from the signs of the outputs.
fn keeps_linear(activation: Activation) -> bool {
    activation == Activation::Prelu || !activation.is_piecewise_linear()
}

/// Turns the cotangents of the outputs into those of the linear part, in place, and adds the inputs' to `gx`.
/// Returns the gradient of a learned slope.
pub(super) fn backward_rows(
    sizes: Sizes,
    g: &mut Taken,
    gx: Added,
    layer: &Dense,
    saved: &Saved,
) -> Result<Option<Taken>, DevError> {
    let Sizes {
        rows, inputs, outputs, ..
    } = sizes;
    let Form { number, leak } = layer.activation.into();
    let (n, blocks) = sizes.blocks();
    let mut of_slope = None;
    if let Saved(Some(kept)) = saved {
        let kept = stored(kept)?;
        if layer.activation == Activation::Prelu && layer.trains {
            let mut total = crate::gpu::zeros(1)?;
            activation::add_slope_gradient(n, blocks, In::of(g), kept.read(), Out::of(&mut total))?;
            of_slope = Some(total);
        }
        let slope = Slope::of(layer.slope.as_ref())?;
        activation::pull_back(n, blocks, number, leak, slope.read(), kept.read(), Out::of(g))?;
    }
    let weight = stored(&layer.weight)?;
    let weight = Factor::new(weight.read(), outputs, inputs);
    gemm::add(Factor::new(In::of(g), rows, outputs), weight, gx)?;
    Ok(of_slope)
}

/// `gW += g^T x`
pub(super) fn backward_weight(sizes: Sizes, g: &Taken, x: &Matrix, gw: Added) -> Result<(), DevError> {
    let Sizes {
        rows, inputs, outputs, ..
    } = sizes;
    let g = Factor::new(In::of(g), rows, outputs).transpose();
    gemm::add(g, Factor::new(stored(x)?.read(), rows, inputs), gw)
}

/// `gb += sum over the rows of values of g`
pub(super) fn backward_bias(sizes: Sizes, g: &Taken, gb: Added) -> Result<(), DevError> {
    let values = In::of(g).part(0..sizes.primal * sizes.outputs);
    columns::add_sums(sizes.primal, sizes.outputs, values, gb)
}

/// The weights without the columns of common inputs.
pub(super) fn own_weight(layer: &Dense, own: usize) -> PerSample {
    filled((layer.outputs * own,), |y| {
        fold::left_columns(layer.outputs, layer.inputs, own, stored(&layer.weight)?.read(), y)
    })
}

/// The bias with what the common inputs add to it.
pub(super) fn folded_bias(layer: &Dense, common: &Matrix) -> PerSample {
    let own = layer.inputs - common.shape().1;
    filled((layer.outputs,), |mut y| {
        if let Some(bias) = &layer.bias {
            elementwise::copy_to(y.len(), stored(bias)?.read(), y.again())?;
        }
        let (weight, common) = (stored(&layer.weight)?, stored(common)?);
        fold::add_common(layer.outputs, layer.inputs, own, weight.read(), common.read(), y)
    })
}

/// Adds the gradients of the folded weights and bias to that of all weights.
pub(super) fn add_folded(to: Added, layer: &Dense, gw: &Taken, gb: &Taken, common: &Matrix) -> Result<(), DevError> {
    let own = layer.inputs - common.shape().1;
    let common = stored(common)?;
    fold::add_folded(
        layer.outputs,
        layer.inputs,
        own,
        In::of(gw),
        In::of(gb),
        common.read(),
        to,
    )
}

/// Adds the gradient of the common inputs.
pub(super) fn add_to_common(to: Added, layer: &Dense, gb: &Taken) -> Result<(), DevError> {
    let own = layer.inputs - to.len();
    fold::add_to_common(
        layer.outputs,
        layer.inputs,
        own,
        stored(&layer.weight)?.read(),
        In::of(gb),
        to,
    )
}
