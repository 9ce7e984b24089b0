//! All rows on the device, of which nothing is read on the host.

use dfdx::prelude::*;

use crate::buffers::native::{GradientBuffer, filled, stored};
use crate::device::{Matrix, Scalar};
use crate::gpu::cross_entropy::{cross_entropy_rows, mean_loss};
use crate::gpu::{In, Out, elementwise, upload, zeros};
use crate::tape::SharedTape;

pub(super) fn mean_surprise(logits: Matrix<SharedTape>, labels: &[usize]) -> Scalar<SharedTape> {
    let (logits, mut tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    let mut slopes = None;
    let y: Scalar = filled((), |y| {
        let (labels, mut losses) = (upload(labels.to_vec())?, zeros::<f64>(rows)?);
        let mut own = zeros(rows * classes)?;
        let x = stored(&logits)?;
        cross_entropy_rows(
            rows,
            classes,
            x.read(),
            In::of(&labels),
            Out::of(&mut losses),
            Out::of(&mut own),
        )?;
        slopes = Some(own);
        mean_loss(rows, In::of(&losses), y)
    });
    if let Some(slopes) = slopes.filter(|_| tape.is_recording()) {
        let (yg, xg) = (y.ghost(), logits.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let slopes = In::of(&slopes);
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| elementwise::add_multiple(slopes.len(), 1.0, In::of(&g), slopes, gx))
        });
    }
    y.put_tape(tape)
}
