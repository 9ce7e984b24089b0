//! Volumes from columns that are slices.

use dfdx::prelude::*;

use super::gram::{self, Gram, for_each_gram};
use super::{Sizes, Volume};
use crate::buffers::{self, read};
use crate::device::{Dev, DevError, PerSample, Real};

type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// What the derivative is made of.
pub(super) enum Slopes {
    /// The derivative itself, laid out as the columns.
    Whole(Vec<Real>),
    /// Coefficients C `[B, d, d]` of `J C`.
    Combined(Vec<f64>),
}

pub(super) fn volume<C: Dim>(columns: &Rows<C>, sizes: Sizes, kind: Volume) -> (PerSample, Slopes) {
    let d = sizes.d;
    match kind {
        Volume::Determinant => determinants(&read(columns), sizes),
        Volume::Gram => combined(columns, sizes, |gram, coefficients| {
            Gram { values: gram, d }.half_log_det(coefficients)
        }),
        Volume::Smallest => combined(columns, sizes, |gram, coefficients| {
            let pair = Gram { values: gram, d }.smallest();
            for i in 0..d {
                for j in 0..d {
                    coefficients[i * d + j] = pair.vector[i] * pair.vector[j] / pair.value;
                }
            }
            0.5 * pair.value.ln()
        }),
    }
}

fn determinants(columns: &[Real], Sizes { batch, d, .. }: Sizes) -> (PerSample, Slopes) {
    let mut values: Vec<Real> = Vec::with_capacity(batch);
    // J^-T, laid out as the columns are.
    let mut slopes = vec![0.0; batch * d * d];
    let (mut j, mut inverse) = (vec![0.0; d * d], vec![0.0; d * d]);
    for b in 0..batch {
        for k in 0..d {
            let column = &columns[(k * batch + b) * d..][..d];
            column
                .iter()
                .enumerate()
                .for_each(|(i, v)| j[i * d + k] = f64::from(*v));
        }
        values.push(gram::log_abs_det(&j, d, &mut inverse) as Real);
        for k in 0..d {
            let slope = &mut slopes[(k * batch + b) * d..][..d];
            slope
                .iter_mut()
                .enumerate()
                .for_each(|(i, s)| *s = inverse[k * d + i] as Real);
        }
    }
    (buffers::tensor(values, (batch,)), Slopes::Whole(slopes))
}

/// A function of each sample's Gram matrix whose derivative is `J C`, with the coefficients C `[d, d]` it writes.
fn combined<C: Dim>(
    columns: &Rows<C>,
    Sizes { batch, d, .. }: Sizes,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> (PerSample, Slopes) {
    let mut values: Vec<Real> = Vec::with_capacity(batch);
    let mut coefficients: Vec<f64> = Vec::with_capacity(batch * d * d);
    for_each_gram(columns, batch, d, |gram| {
        let start = coefficients.len();
        coefficients.resize(start + d * d, 0.0);
        values.push(f(gram, &mut coefficients[start..]) as Real);
    });
    (buffers::tensor(values, (batch,)), Slopes::Combined(coefficients))
}

pub(super) fn add_gradient<C: Dim>(
    gc: &mut [Real],
    g: &[Real],
    columns: &Rows<C>,
    Sizes { batch, d, width }: Sizes,
    slopes: &Slopes,
) -> Result<(), DevError> {
    match slopes {
        Slopes::Whole(slopes) => {
            for (row, (to, slope)) in gc.chunks_exact_mut(width).zip(slopes.chunks_exact(width)).enumerate() {
                to.iter_mut().zip(slope).for_each(|(t, s)| *t += g[row % batch] * s);
            }
        }
        Slopes::Combined(coefficients) => {
            let columns = read(columns);
            for b in 0..batch {
                let c = &coefficients[b * d * d..(b + 1) * d * d];
                for k in 0..d {
                    for l in 0..d {
                        let weight = g[b] * c[l * d + k] as Real;
                        let from = (l * batch + b) * width;
                        let to = (k * batch + b) * width;
                        for i in 0..width {
                            gc[to + i] += weight * columns[from + i];
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

pub(super) fn lift<C: Dim, L: Dim>(columns: &Rows<C>, b: &Rows<L>, Sizes { batch, d, width }: Sizes) -> Rows<C> {
    let (values, b) = (read(columns), read(b));
    let mut lifted = vec![0.0; batch * width];
    let (mut inverse, mut sum) = (vec![0.0; d * d], vec![0.0; width]);
    let mut sample = 0;
    for_each_gram(columns, batch, d, |gram| {
        Gram { values: gram, d }.half_log_det(&mut inverse);
        sum.fill(0.0);
        for k in 0..d {
            let weight: f64 = (0..d).map(|l| inverse[k * d + l] * f64::from(b[sample * d + l])).sum();
            let column = &values[(k * batch + sample) * width..][..width];
            sum.iter_mut()
                .zip(column)
                .for_each(|(to, c)| *to += weight * f64::from(*c));
        }
        let to = &mut lifted[sample * width..][..width];
        to.iter_mut().zip(&sum).for_each(|(to, sum)| *to = *sum as Real);
        sample += 1;
    });
    buffers::tensor(lifted, (batch, columns.shape().1))
}
