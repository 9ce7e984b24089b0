//! Several rows of each sample, on the device.

use dfdx::prelude::*;

use super::{RowNorm, Rows};
use crate::buffers::native::{filled, filled_two, stored};
use crate::device::PerSample;
use crate::gpu::directions;

pub(super) fn project<C: Dim, K: Dim>(rows: &Rows<C>, x: &Rows<C>, count: K) -> Rows<K> {
    let (batch, width) = (x.shape().0, x.shape().1.size());
    filled((batch, count), |y| {
        directions::project(batch, count.size(), width, stored(rows)?.read(), stored(x)?.read(), y)
    })
}

pub(super) fn weighted_sums<C: Dim, K: Dim>(rows: &Rows<C>, coefficients: &Rows<K>, batch: usize) -> Rows<C> {
    let (sums, count) = (coefficients.shape().0, coefficients.shape().1.size());
    let width = rows.shape().1;
    filled((sums, width), |y| {
        let (rows, coefficients) = (stored(rows)?, stored(coefficients)?);
        directions::weigh_rows(batch, count, width.size(), sums, rows.read(), coefficients.read(), y)
    })
}

pub(super) fn norms<C: Dim>(rows: &Rows<C>, norm: RowNorm) -> (PerSample, Rows<C>) {
    let (count, width) = (rows.shape().0, rows.shape().1.size());
    filled_two((count,), *rows.shape(), |sizes, slopes| {
        let x = stored(rows)?;
        match norm {
            RowNorm::HalfSquare => directions::half_squares(count, width, x.read(), sizes, slopes),
            RowNorm::Euclidean => directions::lengths(count, width, x.read(), sizes, slopes),
            RowNorm::P(p) => directions::p_norms(count, width, p, x.read(), sizes, slopes),
        }
    })
}
