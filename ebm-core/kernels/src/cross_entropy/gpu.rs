//! All rows on the device, of which nothing is read on the host.

use dfdx::prelude::*;

use crate::buffers::native::{filled, run, stored};
use crate::device::{Matrix, Scalar};
use crate::gpu::cross_entropy::{cross_entropy_rows, mean_loss};
use crate::gpu::{In, Out, elementwise, upload, zeros};
use crate::tape::SharedTape;
use crate::unary::recorded;

pub(super) fn mean_surprise(logits: Matrix<SharedTape>, labels: &[usize]) -> Scalar<SharedTape> {
    let (logits, tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    let mut slopes = run(|| zeros(rows * classes));
    let y: Scalar = filled((), |y| {
        let (labels, mut losses) = (upload(labels.to_vec())?, zeros::<f64>(rows)?);
        let x = stored(&logits)?;
        cross_entropy_rows(
            rows,
            classes,
            x.read(),
            In::of(&labels),
            Out::of(&mut losses),
            Out::of(&mut slopes),
        )?;
        mean_loss(rows, In::of(&losses), y)
    });
    recorded(tape, &logits, y, move |gx, g| {
        elementwise::add_multiple(gx.len(), 1.0, In::of(&g), In::of(&slopes), gx)
    })
}
