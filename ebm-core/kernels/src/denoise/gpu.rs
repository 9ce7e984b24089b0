//! The comparison on the device.

use dfdx::prelude::*;

use super::{Denoised, Row, Rows, Square};
use crate::Figures;
use crate::buffers::native::{filled, run, stored};
use crate::gpu::{self, In, Out, upload, zeros};

pub(super) fn denoise<C: Dim>(gradient: &Rows<C>, noise: &Rows<C>, rows: &[Row], square: Square) -> Denoised<C> {
    let (count, columns) = (rows.len(), gradient.shape().1.size());
    let terms = |of: fn(&Row) -> f64| rows.iter().map(of);
    let terms = terms(|row| row.noise)
        .chain(terms(|row| row.weight))
        .chain(terms(|row| row.offset));
    let [mut losses, mut errors] = [(); 2].map(|()| run(|| zeros(count)));
    let directions = filled(*gradient.shape(), |directions| {
        let terms = upload::<f64>(terms.collect())?;
        let (gradient, noise) = (stored(gradient)?, stored(noise)?);
        gpu::figures::denoise(
            count,
            columns,
            usize::from(square == Square::Whole),
            In::of(&terms),
            gradient.read(),
            noise.read(),
            Out::of(&mut losses),
            Out::of(&mut errors),
            directions,
        )
    });
    Denoised {
        losses: Figures(losses),
        errors: Figures(errors),
        directions,
    }
}
