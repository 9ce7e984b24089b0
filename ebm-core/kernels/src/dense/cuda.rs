//! The dense layer on the device: products by the device's library, and the rest of a pass in one kernel.

use super::{Activation, Dense, Sizes};
use crate::activation::backend as activation;
use crate::channel_sums::add_sums;
use crate::prelude::*;

/// The `[rows, outputs]` values from which the activation's derivatives follow. They are those before the activation, or, if it
/// is piecewise linear with a constant slope, those after it, whose signs are the same.
pub struct Saved(Option<Matrix>);

/// The learned slope of the layer's activation, if it has one.
fn learned(layer: &Dense) -> DevResult<Stored<'_>> {
    optional(layer.slope.as_ref().filter(|_| layer.activation.has_learned_slope()))
}

impl Sizes {
    /// Elements of a block of outputs, and blocks.
    fn blocks(self) -> (usize, usize) {
        (self.primal * self.outputs, self.rows / self.primal)
    }
}

pub fn forward(sizes: Sizes, x: &Matrix, layer: &Dense, save: bool) -> (Matrix, Saved) {
    let Sizes { rows, inputs, outputs, .. } = sizes;
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
            let slope = learned(layer)?;
            activation::activate(n, blocks, layer.activation, slope.read(), stored(&linear)?.read(), y)
        });
        return (y, Saved(Some(linear)));
    }
    let y = filled(shape, |mut y| {
        product(y.again())?;
        let slope = learned(layer)?;
        match &layer.bias {
            _ if layer.activation == Activation::Identity => shift(y),
            Some(bias) => {
                let bias = stored(bias)?;
                activation::shift_and_activate(n, outputs, blocks, layer.activation, slope.read(), bias.read(), y)
            }
            None => activation::activate_in_place(n, blocks, layer.activation, slope.read(), y),
        }
    });
    let kept = save && layer.activation != Activation::Identity;
    let saved = Saved(kept.then(|| y.clone()));
    (y, saved)
}

/// Whether the derivatives do not follow from the signs of the outputs.
fn keeps_linear(activation: Activation) -> bool {
    activation.has_learned_slope() || !activation.is_piecewise_linear()
}

pub fn backward_rows(sizes: Sizes, g: &mut Array, gx: Out, layer: &Dense, saved: &Saved) -> DevResult<Option<Array>> {
    let Sizes { rows, inputs, outputs, .. } = sizes;
    let (n, blocks) = sizes.blocks();
    let mut of_slope = None;
    if let Saved(Some(kept)) = saved {
        let kept = stored(kept)?;
        if layer.activation.has_learned_slope() && layer.trains {
            let mut total = zeros(1)?;
            activation::add_slope_gradient(n, blocks, view(g), kept.read(), view_mut(&mut total))?;
            of_slope = Some(total);
        }
        let slope = learned(layer)?;
        activation::vjp(n, blocks, layer.activation, slope.read(), kept.read(), view_mut(g))?;
    }
    let weight = stored(&layer.weight)?;
    let weight = Factor::new(weight.read(), outputs, inputs);
    gemm::add(Factor::new(view(g), rows, outputs), weight, gx)?;
    Ok(of_slope)
}

/// `gW += g^T x`
pub fn backward_weight(sizes: Sizes, g: &Array, x: &Matrix, gw: Out) -> DevResult {
    let Sizes { rows, inputs, outputs, .. } = sizes;
    let g = Factor::new(view(g), rows, outputs).transpose();
    gemm::add(g, Factor::new(stored(x)?.read(), rows, inputs), gw)
}

pub fn backward_bias(sizes: Sizes, g: &Array, gb: Out) -> DevResult {
    let values = view(g).part(0..sizes.primal * sizes.outputs);
    add_sums(values, sizes.outputs, gb)
}
