//! Products with a matrix of very few rows or columns, where a general product spends its time on packing.

use std::ops::Range;

use crate::flops;
use crate::math::dot;
use crate::prelude::*;

/// Widths up to which these loops beat the general product.
pub(super) const THIN: usize = 8;

/// `y [rows, outputs] = x [rows, inputs] W^T`, few inputs.
pub(super) fn few_inputs(x: &[Real], weight: &[Real], inputs: usize, outputs: usize, y: &mut [Real]) {
    flops::count(x.len() / inputs, inputs, outputs);
    let columns = transposed(weight, outputs, inputs);
    vectorised(|| {
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            y.iter_mut().zip(&columns[..outputs]).for_each(|(y, w)| *y = x[0] * w);
            for (x, column) in x.iter().zip(columns.chunks_exact(outputs)).skip(1) {
                y.iter_mut().zip(column).for_each(|(y, w)| *y += x * w);
            }
        }
    });
}

/// `y [rows, outputs] (+)= x [rows, inputs] W^T`, few outputs.
pub(super) fn few_outputs<const ADD: bool>(x: &[Real], weight: &[Real], inputs: usize, outputs: usize, y: &mut [Real]) {
    flops::count(x.len() / inputs, inputs, outputs);
    vectorised(|| {
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            for (y, w) in y.iter_mut().zip(weight.chunks_exact(inputs)) {
                let product = dot(x, w);
                *y = if ADD { *y + product } else { product };
            }
        }
    });
}

/// `gx [rows, inputs] += g [rows, outputs] W`, few inputs.
pub(super) fn back_to_few_inputs(g: &[Real], weight: &[Real], inputs: usize, outputs: usize, gx: &mut [Real]) {
    let columns = transposed(weight, outputs, inputs);
    few_outputs::<true>(g, &columns, outputs, inputs, gx);
}

/// `gx [rows, inputs] += g [rows, outputs] W`, few outputs.
pub(super) fn back_from_few_outputs(g: &[Real], weight: &[Real], inputs: usize, outputs: usize, gx: &mut [Real]) {
    flops::count(g.len() / outputs, outputs, inputs);
    vectorised(|| {
        for (g, gx) in g.chunks_exact(outputs).zip(gx.chunks_exact_mut(inputs)) {
            for (g, w) in g.iter().zip(weight.chunks_exact(inputs)) {
                gx.iter_mut().zip(w).for_each(|(x, w)| *x += g * w);
            }
        }
    });
}

/// Rows `which` of `gW [outputs, inputs] += g^T x`, few inputs or few outputs.
pub(super) fn weight(g: &[Real], x: &[Real], inputs: usize, outputs: usize, which: Range<usize>, gw: &mut [Real]) {
    flops::count(which.len(), x.len() / inputs, inputs);
    if outputs <= THIN {
        vectorised(|| {
            for (g, x) in g.chunks_exact(outputs).zip(x.chunks_exact(inputs)) {
                for (g, gw) in g[which.clone()].iter().zip(gw.chunks_exact_mut(inputs)) {
                    gw.iter_mut().zip(x).for_each(|(w, x)| *w += g * x);
                }
            }
        });
        return;
    }
    let count = which.len();
    let mut columns = vec![0.0; count * inputs];
    vectorised(|| {
        for (g, x) in g.chunks_exact(outputs).zip(x.chunks_exact(inputs)) {
            for (x, column) in x.iter().zip(columns.chunks_exact_mut(count)) {
                column.iter_mut().zip(&g[which.clone()]).for_each(|(w, g)| *w += x * g);
            }
        }
    });
    for (i, column) in columns.chunks_exact(count).enumerate() {
        column.iter().enumerate().for_each(|(o, w)| gw[o * inputs + i] += w);
    }
}

/// `[rows, columns]` as `[columns, rows]`.
fn transposed(values: &[Real], rows: usize, columns: usize) -> Vec<Real> {
    let at = |c: usize| (0..rows).map(move |r| values[r * columns + c]);
    (0..columns).flat_map(at).collect()
}
