//! Several rows of each sample, on slices.

use dfdx::prelude::*;

use super::{RowNorm, Rows};
use crate::buffers::{self, read};
use crate::device::{PerSample, Real};

pub(super) fn project<C: Dim, K: Dim>(rows: &Rows<C>, x: &Rows<C>, count: K) -> Rows<K> {
    let (batch, width) = (x.shape().0, x.shape().1.size());
    let (u, x) = (read(rows), read(x));
    let mut y = Vec::with_capacity(batch * count.size());
    for b in 0..batch {
        let x = &x[b * width..][..width];
        y.extend((0..count.size()).map(|k| dot(x, &u[(k * batch + b) * width..][..width])));
    }
    buffers::tensor(y, (batch, count))
}

pub(super) fn weighted_sums<C: Dim, K: Dim>(rows: &Rows<C>, coefficients: &Rows<K>, batch: usize) -> Rows<C> {
    let (sums, count) = (coefficients.shape().0, coefficients.shape().1.size());
    let width = rows.shape().1.size();
    let (u, coefficients) = (read(rows), read(coefficients));
    let mut y = vec![0.0; sums * width];
    let of_rows = y
        .chunks_exact_mut(width.max(1))
        .zip(coefficients.chunks_exact(count.max(1)));
    for (r, (y, coefficients)) in of_rows.enumerate() {
        for (k, c) in coefficients.iter().enumerate() {
            let row = &u[(k * batch + r % batch) * width..][..width];
            y.iter_mut().zip(row).for_each(|(y, u)| *y += c * u);
        }
    }
    buffers::tensor(y, (sums, rows.shape().1))
}

pub(super) fn norms<C: Dim>(rows: &Rows<C>, norm: RowNorm) -> (PerSample, Rows<C>) {
    let shape = *rows.shape();
    let mut slopes = read(rows).into_owned();
    let sizes = slopes
        .chunks_exact_mut(shape.1.size().max(1))
        .map(|row| size(norm, row));
    let sizes: Vec<Real> = sizes.collect();
    (buffers::tensor(sizes, (shape.0,)), buffers::tensor(slopes, shape))
}

/// N(r); replaces r by the derivative of N there.
fn size(norm: RowNorm, r: &mut [Real]) -> Real {
    match norm {
        RowNorm::HalfSquare => 0.5 * dot(r, r),
        RowNorm::Euclidean => {
            let length = dot(r, r).sqrt();
            let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
            r.iter_mut().for_each(|v| *v *= inverse);
            length
        }
        RowNorm::P(p) => {
            // Relative to the largest element, so that no power overflows.
            let largest = r.iter().fold(0.0 as Real, |m, v| m.max(v.abs()));
            if largest == 0.0 {
                // Zero, or no number.
                return r.iter().sum();
            }
            let total: Real = r.iter().map(|v| (v.abs() / largest).powf(p)).sum();
            let length = largest * total.powf(1.0 / p);
            r.iter_mut()
                .for_each(|v| *v = v.signum() * (v.abs() / length).powf(p - 1.0));
            length
        }
    }
}

fn dot(a: &[Real], b: &[Real]) -> Real {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
