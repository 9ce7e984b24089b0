use ebm_train::Cancel;
use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use rayon::prelude::*;
use std::ops::Range;

use crate::features::Features;

/// Points a side of a tile has: its products keep the processor busy, its distances (2 MiB) stay in cache.
const TILE: usize = 512;

/// Share of the squared lengths below which a squared distance is computed from differences: as `|a|^2 + |b|^2 - 2 a.b` it would lose
/// more than four digits, as of points that lie close together and far from the centre.
const CANCELLED: f64 = 1e-4;

/// Points with their squared lengths, seen from a centre, for distances between many of them, a tile at a time.
pub(super) struct Cloud<'a> {
    features: Features<'a>,
    centre: &'a [f64],
    squares: Vec<f64>,
}

/// Squared distances of a range of rows to a range of columns, row-major.
pub(super) struct Tile<'a> {
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    squares: &'a [f64],
}

impl Tile<'_> {
    /// Each row's index from 0 within the tile, and its squared distances to the columns.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.squares.chunks_exact(self.columns.len()).enumerate()
    }
}

impl<'a> Cloud<'a> {
    /// The points, seen from `centre`: distances are the same from everywhere, but their rounding is least where lengths are
    /// about as large as distances.
    pub fn new(features: Features<'a>, centre: &'a [f64]) -> Self {
        let square = |row: &[f64]| squared_distance(row, centre);
        Self { features, centre, squares: features.rows().map(square).collect() }
    }

    pub fn len(&self) -> usize {
        self.squares.len()
    }

    fn block(&self, rows: Range<usize>) -> Vec<f64> {
        let values = self.features.range(rows).iter().zip(self.centre.iter().cycle());
        values.map(|(v, c)| v - c).collect()
    }

    /// Folds, for each point, its squared distances to all points of `others` by `visit`, tile by tile from `start`.
    ///
    /// Memory is that of the results and of a few tiles a thread. A point's result is computed by one thread in one order, so it
    /// does not depend on their number. Once cancelled, no further tiles are visited, and nobody is to look at the results.
    pub fn survey<T: Clone + Send + Sync>(
        &self,
        others: &Cloud<'_>,
        start: T,
        cancel: &Cancel,
        visit: impl Fn(&mut [T], &Tile<'_>) + Sync,
    ) -> Vec<T> {
        let mut results = vec![start; self.len()];
        results.par_chunks_mut(TILE).enumerate().for_each(|(block, results)| {
            let rows = block * TILE..block * TILE + results.len();
            let own = self.block(rows.clone());
            let mut squares = vec![0.0; rows.len() * TILE.min(others.len())];
            for first in (0..others.len()).step_by(TILE).take_while(|_| !cancel.is_requested()) {
                let columns = first..(first + TILE).min(others.len());
                let squares = &mut squares[..rows.len() * columns.len()];
                self.distances(&own, rows.clone(), others, columns.clone(), squares);
                visit(results, &Tile { rows: rows.clone(), columns, squares });
            }
        });
        results
    }

    /// `|a - b|^2 = |a|^2 + |b|^2 - 2 a.b`, or from the differences where that cancels.
    fn distances(&self, own: &[f64], rows: Range<usize>, others: &Cloud<'_>, columns: Range<usize>, to: &mut [f64]) {
        let width = self.features.width();
        for (row, &square) in to.chunks_exact_mut(columns.len()).zip(&self.squares[rows.clone()]) {
            let pairs = row.iter_mut().zip(&others.squares[columns.clone()]);
            pairs.for_each(|(to, other)| *to = square + other);
        }
        let other = others.block(columns.clone());
        let a = MatRef::from_row_major_slice(own, rows.len(), width);
        let b = MatRef::from_row_major_slice(&other, columns.len(), width);
        let product = MatMut::from_row_major_slice_mut(&mut *to, rows.len(), columns.len());
        matmul(product, Accum::Add, a, b.transpose(), -2.0, Par::Seq);
        for (row, squares) in rows.zip(to.chunks_exact_mut(columns.len())) {
            for (column, square) in columns.clone().zip(squares) {
                if *square < CANCELLED * (self.squares[row] + others.squares[column]) {
                    *square = squared_distance(self.features.row(row), others.features.row(column));
                }
            }
        }
    }
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::double;
    use ebm_core::random::Random;

    #[test]
    fn every_pair_is_visited_once_with_its_distance() {
        let draw = |n: usize, stream: &str| -> Vec<f64> {
            let values = double(&Random::new(4).stream(stream).normals(3 * n));
            values.into_iter().map(|v| 50.0 + v).collect()
        };
        let (n, m) = (TILE + 3, 2 * TILE + 5);
        let (a, b) = (draw(n, "a"), draw(m, "b"));
        let centre = [50.0; 3];
        let clouds = [&a, &b].map(|values| Cloud::new(Features::new(values, 3).unwrap(), &centre));
        let sums = clouds[0].survey(&clouds[1], (0.0, 0usize), &Cancel::default(), |results, tile| {
            for (row, squares) in tile.rows() {
                results[row].0 += squares.iter().map(|s| s.sqrt()).sum::<f64>();
                results[row].1 += squares.len();
            }
        });
        for (row, (sum, count)) in a.chunks(3).zip(&sums) {
            let distance = |other: &[f64]| {
                let squares = row.iter().zip(other).map(|(a, b)| (a - b).powi(2));
                squares.sum::<f64>().sqrt()
            };
            let expected: f64 = b.chunks(3).map(distance).sum();
            assert!((sum / expected - 1.0).abs() < 1e-12 && *count == m, "{sum} {expected}");
        }
    }
}
