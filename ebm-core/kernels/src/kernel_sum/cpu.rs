use crate::math::exp;
use crate::parallel;
use crate::prelude::*;

/// Multiply-adds that an exponential takes the time of.
const EXPONENTIAL: usize = 16;
/// Kernels that are smaller than the largest by this factor count as 0: they change no digit of a sum, but products with them
/// would be subnormal numbers, which are slow, or infinite distances times 0.
const NEGLIGIBLE: Real = 1e-20;
/// Partial sums that are kept apart, so that loops vectorise.
const LANES: usize = 16;

/// For x_r and its centres, own first: `values = ln mean_k N(x; g_k, s^2 I)`, the normalised `weights` of the kernels, and
/// `squares`, the mean of `|x - g_k|^2 / s^2` by these weights.
pub fn kernel_sums(
    rows: usize,
    columns: usize,
    count: usize,
    sigma: In,
    x: In,
    own: In,
    bank: In,
    values: Out,
    squares: Out,
    weights: Out,
) -> DevResult {
    let bank = transposed(count, columns, bank);
    let variance = f64::from(sigma[0]).powi(2);
    let constant = (1.0 + count as f64).ln() + 0.5 * columns as f64 * (std::f64::consts::TAU * variance).ln();
    let step = parallel::rows_a_task(rows, (1 + count) * (columns + EXPONENTIAL));
    let given = x.chunks(step * columns).zip(own.chunks(step * columns));
    let found = values.chunks_mut(step).zip(squares.chunks_mut(step)).zip(weights.chunks_mut(step * (1 + count)));
    parallel::run(given.zip(found).collect(), |((x, own), ((values, squares), weights))| {
        vectorised(|| {
            let given = x.chunks_exact(columns).zip(own.chunks_exact(columns));
            let found = values.iter_mut().zip(squares).zip(weights.chunks_exact_mut(1 + count));
            for ((x, own), ((value, square), weights)) in given.zip(found) {
                distances(x, own, &bank, weights);
                let nearest = smallest(weights);
                let (sum, weighted) = kernels(nearest, (0.5 / variance) as Real, weights);
                let share = (1.0 / sum) as Real;
                weights.iter_mut().for_each(|w| *w *= share);
                *value = (sum.ln() - 0.5 * f64::from(nearest) / variance - constant) as Real;
                *square = (weighted / sum / variance) as Real;
            }
        });
    });
    Ok(())
}

/// `gx_r += g_r sum_k w_rk (g_k - x_r) / s^2`
pub fn add_in_x(
    rows: usize,
    columns: usize,
    count: usize,
    sigma: In,
    g: In,
    weights: In,
    x: In,
    own: In,
    bank: In,
    gx: Out,
) -> DevResult {
    let bank = transposed(count, columns, bank);
    let precision = 1.0 / (sigma[0] * sigma[0]);
    let step = parallel::rows_a_task(rows, (1 + count) * columns);
    let given = x.chunks(step * columns).zip(own.chunks(step * columns));
    let given = given.zip(g.chunks(step).zip(weights.chunks(step * (1 + count))));
    parallel::run(given.zip(gx.chunks_mut(step * columns)).collect(), |(((x, own), (g, weights)), gx)| {
        vectorised(|| {
            for (row, (g, weights)) in g.iter().zip(weights.chunks_exact(1 + count)).enumerate() {
                for c in 0..columns {
                    let i = row * columns + c;
                    let others = weighted_gaps(&weights[1..], &bank[c * count..][..count], x[i]);
                    gx[i] += g * precision * (weights[0] * (own[i] - x[i]) + others);
                }
            }
        });
    });
    Ok(())
}

/// `gown_r += g_r w_r0 (x_r - own_r) / s^2`
pub fn add_in_own(
    _: usize,
    columns: usize,
    count: usize,
    sigma: In,
    g: In,
    weights: In,
    x: In,
    own: In,
    gown: Out,
) -> DevResult {
    let precision = 1.0 / (sigma[0] * sigma[0]);
    let rows = gown.chunks_exact_mut(columns).zip(x.chunks_exact(columns).zip(own.chunks_exact(columns)));
    for ((gown, (x, own)), (g, weights)) in rows.zip(g.iter().zip(weights.chunks_exact(1 + count))) {
        let factor = g * weights[0] * precision;
        gown.iter_mut().zip(x.iter().zip(own)).for_each(|(to, (x, own))| *to += factor * (x - own));
    }
    Ok(())
}

/// `gbank_k += sum_r g_r w_rk (x_r - bank_k) / s^2`
pub fn add_in_bank(
    rows: usize,
    columns: usize,
    count: usize,
    sigma: In,
    g: In,
    weights: In,
    x: In,
    bank: In,
    gbank: Out,
) -> DevResult {
    let precision = 1.0 / (sigma[0] * sigma[0]);
    let step = parallel::rows_a_task(count, rows * (columns + 1));
    let parts = bank.chunks(step * columns).zip(gbank.chunks_mut(step * columns)).enumerate();
    parallel::run(parts.collect(), |(part, (bank, gbank))| {
        let n = bank.len() / columns;
        let own = transposed(n, columns, bank);
        let (mut sums, mut factors) = (vec![0.0 as Real; n * columns], vec![0.0 as Real; n]);
        vectorised(|| {
            for ((x, g), weights) in x.chunks_exact(columns).zip(g).zip(weights.chunks_exact(1 + count)) {
                factors.iter_mut().zip(&weights[1 + part * step..]).for_each(|(f, w)| *f = g * w);
                for ((sums, own), x) in sums.chunks_exact_mut(n).zip(own.chunks_exact(n)).zip(x) {
                    sums.iter_mut().zip(own.iter().zip(&factors)).for_each(|(s, (b, f))| *s += f * (x - b));
                }
            }
        });
        for (i, to) in gbank.iter_mut().enumerate() {
            *to += precision * sums[i % columns * n + i / columns];
        }
    });
    Ok(())
}

/// `gsigma += sum_r g_r (squares_r - columns) / s`
pub fn add_in_sigma(_: usize, columns: usize, sigma: In, g: In, squares: In, gsigma: Out) -> DevResult {
    let slope = |(g, square): (&Real, &Real)| f64::from(*g) * (f64::from(*square) - columns as f64);
    let total: f64 = g.iter().zip(squares).map(slope).sum();
    gsigma[0] += (total / f64::from(sigma[0])) as Real;
    Ok(())
}

/// The columns one after the other: loops run over the rows of a bank, which are many, where columns may be two.
fn transposed(rows: usize, columns: usize, values: In) -> Vec<Real> {
    let mut found = Vec::with_capacity(rows * columns);
    for column in 0..columns {
        found.extend((0..rows).map(|row| values[row * columns + column]));
    }
    found
}

/// Squared distances from x to its own centre and to those of the bank.
#[inline(always)]
fn distances(x: &[Real], own: &[Real], bank: &[Real], to: &mut [Real]) {
    to.fill(0.0);
    let Some((first, others)) = to.split_first_mut() else {
        return;
    };
    *first = x.iter().zip(own).map(|(x, g)| (x - g) * (x - g)).sum();
    let count = others.len();
    for (c, x) in x.iter().enumerate() {
        for (to, g) in others.iter_mut().zip(&bank[c * count..]) {
            *to += (x - g) * (x - g);
        }
    }
}

#[inline(always)]
fn smallest(values: &[Real]) -> Real {
    let mut found = [Real::INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        found.iter_mut().zip(chunk).for_each(|(f, v)| *f = if *v < *f { *v } else { *f });
    }
    found.iter().chain(rest).copied().fold(Real::INFINITY, Real::min)
}

/// Turns squared distances d into `e = exp((nearest - d) half_precision)`; returns `sum e` and `sum e d`.
#[inline(always)]
fn kernels(nearest: Real, half_precision: Real, values: &mut [Real]) -> (f64, f64) {
    let (mut sums, mut weighted) = ([0.0f64; LANES], [0.0f64; LANES]);
    let kernel = |value: &mut Real| {
        let square = *value;
        let e = exp((nearest - square) * half_precision);
        // NaN stays NaN.
        let (e, of_square) = if e < NEGLIGIBLE { (0.0, 0.0) } else { (e, e * square) };
        *value = e;
        (f64::from(e), f64::from(of_square))
    };
    let (chunks, rest) = values.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for ((sum, weighted), value) in sums.iter_mut().zip(&mut weighted).zip(chunk) {
            let (e, of_square) = kernel(value);
            *sum += e;
            *weighted += of_square;
        }
    }
    for value in rest {
        let (e, of_square) = kernel(value);
        sums[0] += e;
        weighted[0] += of_square;
    }
    (sums.iter().sum(), weighted.iter().sum())
}

/// `sum_k w_k (g_k - x)`
#[inline(always)]
fn weighted_gaps(weights: &[Real], centres: &[Real], x: Real) -> Real {
    let mut sums = [0.0; LANES];
    let ((weights, few_weights), (centres, few)) = (weights.as_chunks::<LANES>(), centres.as_chunks::<LANES>());
    for (weights, centres) in weights.iter().zip(centres) {
        for ((sum, w), g) in sums.iter_mut().zip(weights).zip(centres) {
            *sum += w * (g - x);
        }
    }
    let rest: Real = few_weights.iter().zip(few).map(|(w, g)| w * (g - x)).sum();
    sums.iter().sum::<Real>() + rest
}
