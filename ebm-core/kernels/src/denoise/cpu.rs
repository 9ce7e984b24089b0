//! The comparison on slices.

use dfdx::prelude::*;

use super::{Denoised, Row, Rows, Square};
use crate::Figures;
use crate::buffers::{self, read};
use crate::device::Real;

pub(super) fn denoise<C: Dim>(gradient: &Rows<C>, noise: &Rows<C>, rows: &[Row], square: Square) -> Denoised<C> {
    let (shape, width) = (*gradient.shape(), gradient.shape().1.size());
    let (gradient, noise) = (read(gradient), read(noise));
    let mut directions = vec![0.0; gradient.len()];
    let (mut losses, mut errors) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let given = gradient.chunks_exact(width).zip(noise.chunks_exact(width));
    for (((g, n), to), row) in given.zip(directions.chunks_exact_mut(width)).zip(rows) {
        let (mut distance, mut error) = (0.0, 0.0);
        for ((g, n), to) in g.iter().zip(n).zip(to) {
            let (g, n) = (f64::from(*g), f64::from(*n));
            let target = n / row.noise;
            *to = (2.0 * row.weight * (g - target)) as Real;
            distance += match square {
                Square::Whole => (g - target) * (g - target),
                Square::WithoutTarget => g * (g - 2.0 * target),
            };
            error += (row.noise * g - n).powi(2);
        }
        losses.push(row.weight * distance - row.offset);
        errors.push(error);
    }
    Denoised {
        losses: Figures(losses),
        errors: Figures(errors),
        directions: buffers::tensor(directions, shape),
    }
}
