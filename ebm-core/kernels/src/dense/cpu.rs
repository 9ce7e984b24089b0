//! The dense layer on the CPU.

use dfdx::prelude::*;

use super::slices::{self, Saved};
use super::{Dense, Sizes};
use crate::buffers::native::Taken;
use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, PerSample, Real};
use crate::math::add;

/// The outputs, and what the backward pass needs if there is to be one.
pub(super) fn forward(sizes: Sizes, x: &Matrix, layer: &Dense, save: bool) -> (Matrix, Saved) {
    let bias = layer.bias.as_ref().map(read);
    let (y, saved) = slices::forward(
        sizes,
        &read(x),
        &read(&layer.weight),
        bias.as_deref(),
        layer.activation,
        slope(layer),
        save,
    );
    (buffers::tensor(y, (sizes.rows, sizes.outputs)), saved)
}

/// Turns the cotangents of the outputs into those of the linear part, in place, and adds the inputs' to `gx`.
/// Returns the gradient of a learned slope.
pub(super) fn backward_rows(
    sizes: Sizes,
    g: &mut [Real],
    gx: &mut [Real],
    layer: &Dense,
    saved: &Saved,
) -> Result<Option<Taken>, DevError> {
    let weight = read(&layer.weight);
    let of_slope = slices::backward_rows(sizes, g, gx, &weight, saved, layer.activation, slope(layer));
    Ok(layer.slope.as_ref().map(|_| vec![of_slope]))
}

/// `gW += g^T x`
pub(super) fn backward_weight(sizes: Sizes, g: &[Real], x: &Matrix, gw: &mut [Real]) -> Result<(), DevError> {
    slices::backward_weight(sizes, g, &read(x), gw);
    Ok(())
}

/// `gb += sum over the rows of values of g`
pub(super) fn backward_bias(sizes: Sizes, g: &[Real], gb: &mut [Real]) -> Result<(), DevError> {
    slices::backward_bias(sizes, g, gb);
    Ok(())
}

fn slope(layer: &Dense) -> Real {
    layer.slope.as_ref().map_or(0.0, |s| read(s)[0])
}

/// The weights without the columns of common inputs.
pub(super) fn own_weight(layer: &Dense, own: usize) -> PerSample {
    let mut weight = Vec::with_capacity(layer.outputs * own);
    for row in read(&layer.weight).chunks_exact(layer.inputs) {
        weight.extend_from_slice(&row[..own]);
    }
    buffers::tensor(weight, (layer.outputs * own,))
}

/// The bias with what the common inputs add to it.
pub(super) fn folded_bias(layer: &Dense, common: &Matrix) -> PerSample {
    let own = layer.inputs - common.shape().1;
    let mut bias = match &layer.bias {
        Some(bias) => read(bias).to_vec(),
        None => vec![0.0; layer.outputs],
    };
    let common = read(common);
    for (row, b) in read(&layer.weight).chunks_exact(layer.inputs).zip(&mut bias) {
        *b += row[own..].iter().zip(common.iter()).map(|(w, c)| w * c).sum::<Real>();
    }
    buffers::tensor(bias, (layer.outputs,))
}

/// Adds the gradients of the folded weights and bias to that of all weights.
pub(super) fn add_folded(
    to: &mut [Real],
    layer: &Dense,
    gw: &[Real],
    gb: &[Real],
    common: &Matrix,
) -> Result<(), DevError> {
    let own = layer.inputs - common.shape().1;
    let common = read(common);
    let from = gw.chunks_exact(own.max(1)).zip(gb);
    for (to, (from, g)) in to.chunks_exact_mut(layer.inputs).zip(from) {
        let (left, right) = to.split_at_mut(own);
        add(left, from);
        right.iter_mut().zip(common.iter()).for_each(|(t, c)| *t += g * c);
    }
    Ok(())
}

/// Adds the gradient of the common inputs.
pub(super) fn add_to_common(to: &mut [Real], layer: &Dense, gb: &[Real]) -> Result<(), DevError> {
    let own = layer.inputs - to.len();
    for (row, g) in read(&layer.weight).chunks_exact(layer.inputs).zip(gb) {
        to.iter_mut().zip(&row[own..]).for_each(|(t, w)| *t += g * w);
    }
    Ok(())
}
