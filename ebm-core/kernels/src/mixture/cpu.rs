//! Mixtures on slices. Tables have a row for each coordinate and a column for each component, so that loops over components
//! vectorise.

use crate::math::{dot, exp};
use crate::prelude::*;

/// ln(2 pi)
const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// The components at one place, `[D, K]` each.
struct Components {
    count: usize,
    floor: Real,
    means: Vec<Real>,
    /// `e^(2 l)`
    widths: Vec<Real>,
    /// `1/v`
    inverses: Vec<Real>,
    /// a, `s^2`, and their changes with the time.
    place: [Real; 4],
}

/// A coordinate of all components, `[K]` each.
#[derive(Clone, Copy)]
struct Row<'a> {
    means: In<'a>,
    widths: In<'a>,
    inverses: In<'a>,
    floor: Real,
    place: [Real; 4],
}

/// A coordinate of one component, beside that of a sample.
struct Term {
    mean: Real,
    width: Real,
    /// `1/v`
    inverse: Real,
    /// `x - a m`
    distance: Real,
}

impl Row<'_> {
    #[inline(always)]
    fn term(self, k: usize, x: Real) -> Term {
        let (mean, width, inverse) = (self.means[k], self.widths[k], self.inverses[k]);
        Term { mean, width, inverse, distance: x - self.place[0] * mean }
    }

    /// `u - r a' m`
    #[inline(always)]
    fn along(self, term: &Term, u: Real, rate: Real) -> Real {
        u - rate * self.place[2] * term.mean
    }

    /// `r v'`
    #[inline(always)]
    fn growth(self, term: &Term, rate: Real) -> Real {
        let [signal, _, signal_rate, variance_rate] = self.place;
        rate * (2.0 * signal * signal_rate * (self.floor + term.width) + variance_rate)
    }
}

impl Components {
    fn new(columns: usize, count: usize, floor: Real, means: In, scales: In) -> Self {
        let turned = |values: In| -> Vec<Real> {
            (0..columns * count).map(|at| values[at % count * columns + at / count]).collect()
        };
        let mut widths = turned(scales);
        vectorised(|| widths.iter_mut().for_each(|w| *w = exp(2.0 * *w)));
        let inverses = vec![0.0; widths.len()];
        Self { count, floor, means: turned(means), widths, inverses, place: [Real::NAN; 4] }
    }

    /// Carries them to the place of a sample, and says whether they were elsewhere.
    #[inline(always)]
    fn move_to(&mut self, places: In, sample: usize) -> bool {
        let place = [0, 1, 2, 3].map(|i| places[4 * sample + i]);
        if place == self.place {
            return false;
        }
        self.place = place;
        let [signal, variance, ..] = place;
        for (inverse, width) in self.inverses.iter_mut().zip(&self.widths) {
            *inverse = 1.0 / (signal * signal * (self.floor + width) + variance);
        }
        true
    }

    /// The logarithms of the components' heights, `logit - 1/2 sum_i log(2 pi v_i)`.
    fn heights(&self, logits: In, heights: &mut [Real]) {
        /// Factors of a product that fits double precision, whatever they are in single: one logarithm serves them all.
        const FACTORS: usize = 8;
        let columns = self.means.len() / self.count;
        for (k, height) in heights.iter_mut().enumerate() {
            let log = |first: usize| -> f64 {
                let some = first..columns.min(first + FACTORS);
                some.map(|i| f64::from(self.inverses[i * self.count + k])).product::<f64>().ln()
            };
            let logs: f64 = (0..columns).step_by(FACTORS).map(log).sum();
            *height = (f64::from(logits[k]) + 0.5 * (logs - columns as f64 * LN_TAU)) as Real;
        }
    }

    #[inline(always)]
    fn row(&self, column: usize) -> Row<'_> {
        let (start, count) = (column * self.count, self.count);
        Row {
            means: &self.means[start..][..count],
            widths: &self.widths[start..][..count],
            inverses: &self.inverses[start..][..count],
            floor: self.floor,
            place: self.place,
        }
    }
}

/// `L_k` of every sample and component and, below, their derivatives along the tangents; log p_k is a logit here.
pub fn mixture_terms(
    rows: usize,
    primal: usize,
    columns: usize,
    count: usize,
    floor: Real,
    places: In,
    rates: In,
    x: In,
    logits: In,
    means: In,
    scales: In,
    terms: Out,
) -> DevResult {
    let mut parts = Components::new(columns, count, floor, means, scales);
    let mut heights = vec![0.0; count];
    vectorised(|| {
        for sample in 0..primal {
            if parts.move_to(places, sample) {
                parts.heights(logits, &mut heights);
            }
            for row in (sample..rows).step_by(primal) {
                let own = &mut terms[row * count..][..count];
                if row < primal {
                    own.copy_from_slice(&heights);
                }
                for i in 0..columns {
                    let (part, x, u) = (parts.row(i), x[sample * columns + i], x[row * columns + i]);
                    if row < primal {
                        for (k, own) in own.iter_mut().enumerate() {
                            let t = part.term(k, x);
                            *own -= 0.5 * t.distance * t.distance * t.inverse;
                        }
                        continue;
                    }
                    let rate = rates[row - primal];
                    for (k, own) in own.iter_mut().enumerate() {
                        let t = part.term(k, x);
                        let grown = 0.5 * (t.distance * t.distance * t.inverse - 1.0) * part.growth(&t, rate);
                        *own += (grown - t.distance * part.along(&t, u, rate)) * t.inverse;
                    }
                }
            }
        }
    });
    Ok(())
}

/// The energies and their derivatives; each sample's `L_k` become the components' shares in it.
pub fn mixture_values(rows: usize, primal: usize, count: usize, logits: In, terms: Out, y: Out) -> DevResult {
    let log_sum = {
        let (mut shares, largest) = (logits.to_vec(), largest(logits));
        largest + exponentials(&mut shares, largest).ln()
    };
    let (shares, slopes) = terms.split_at_mut(primal * count);
    vectorised(|| {
        for (sample, own) in shares.chunks_exact_mut(count).enumerate() {
            let largest = largest(own);
            let total = exponentials(own, largest);
            own.iter_mut().for_each(|share| *share /= total);
            y[sample] = log_sum - largest - total.ln();
            for row in (primal + sample..rows).step_by(primal) {
                y[row] = -dot(own, &slopes[(row - primal) * count..][..count]);
            }
        }
    });
    Ok(())
}

#[inline(always)]
fn largest(values: In) -> Real {
    values.iter().copied().fold(Real::NEG_INFINITY, Real::max)
}

/// Replaces values by `e^(value - largest)`; returns their sum.
#[inline(always)]
fn exponentials(values: &mut [Real], largest: Real) -> Real {
    values.iter_mut().for_each(|value| *value = exp(*value - largest));
    values.iter().sum()
}

/// The cotangents of all terms, given those of the energies and of their derivatives.
pub fn mixture_of_terms(rows: usize, primal: usize, count: usize, terms: In, y: In, g: In, of: Out) -> DevResult {
    let (values, tangents) = of.split_at_mut(primal * count);
    for sample in 0..primal {
        let shares = &terms[sample * count..][..count];
        let own = &mut values[sample * count..][..count];
        own.iter_mut().zip(shares).for_each(|(own, share)| *own = -share * g[sample]);
        for row in (primal + sample..rows).step_by(primal) {
            let slopes = &terms[row * count..][..count];
            let below = &mut tangents[(row - primal) * count..][..count];
            for k in 0..count {
                below[k] = -shares[k] * g[row];
                own[k] += below[k] * (slopes[k] + y[row]);
            }
        }
    }
    Ok(())
}

/// `gx +=` the cotangents of the rows, given those of the terms.
pub fn mixture_in_x(
    rows: usize,
    primal: usize,
    columns: usize,
    count: usize,
    floor: Real,
    places: In,
    rates: In,
    x: In,
    means: In,
    scales: In,
    of: In,
    gx: Out,
) -> DevResult {
    let mut parts = Components::new(columns, count, floor, means, scales);
    vectorised(|| {
        for sample in 0..primal {
            parts.move_to(places, sample);
            for row in (sample..rows).step_by(primal) {
                let of = &of[row * count..][..count];
                for i in 0..columns {
                    let (part, x, u) = (parts.row(i), x[sample * columns + i], x[row * columns + i]);
                    let (mut in_row, mut in_sample) = (0.0, 0.0);
                    for (k, of) in of.iter().enumerate() {
                        let t = part.term(k, x);
                        in_row -= of * t.distance * t.inverse;
                        if row >= primal {
                            let rate = rates[row - primal];
                            let grown = t.distance * t.inverse * part.growth(&t, rate);
                            in_sample += of * (grown - part.along(&t, u, rate)) * t.inverse;
                        }
                    }
                    gx[row * columns + i] += in_row;
                    gx[sample * columns + i] += in_sample;
                }
            }
        }
    });
    Ok(())
}

/// The cotangents of means and, below, of log scales, `[2, K, D]`, given those of the terms.
pub fn mixture_in_components(
    rows: usize,
    primal: usize,
    columns: usize,
    count: usize,
    floor: Real,
    places: In,
    rates: In,
    x: In,
    means: In,
    scales: In,
    of: In,
    g: Out,
) -> DevResult {
    let (gm, gs) = g.split_at_mut(count * columns);
    let mut parts = Components::new(columns, count, floor, means, scales);
    let (mut in_means, mut in_scales) = (vec![0.0; gm.len()], vec![0.0; gs.len()]);
    vectorised(|| {
        for sample in 0..primal {
            parts.move_to(places, sample);
            let [signal, _, signal_rate, _] = parts.place;
            for row in (sample..rows).step_by(primal) {
                let of = &of[row * count..][..count];
                for i in 0..columns {
                    let (part, x, u) = (parts.row(i), x[sample * columns + i], x[row * columns + i]);
                    let in_means = &mut in_means[i * count..][..count];
                    let in_scales = &mut in_scales[i * count..][..count];
                    if row < primal {
                        for k in 0..count {
                            let t = part.term(k, x);
                            let force = t.distance * t.inverse;
                            in_means[k] += of[k] * signal * force;
                            in_scales[k] += of[k] * signal * signal * t.width * (force * force - t.inverse);
                        }
                        continue;
                    }
                    let rate = rates[row - primal];
                    for k in 0..count {
                        let t = part.term(k, x);
                        let (along, growth) = (part.along(&t, u, rate), part.growth(&t, rate));
                        let (force, weight) = (t.distance * t.inverse, of[k] * t.inverse);
                        let square = t.distance * force;
                        in_means[k] += weight * (signal * (along - force * growth) + rate * signal_rate * t.distance);
                        let in_variance = t.inverse * (t.distance * along + (0.5 - square) * growth);
                        let in_growth = rate * signal * signal_rate * (square - 1.0);
                        in_scales[k] += 2.0 * weight * t.width * (signal * signal * in_variance + in_growth);
                    }
                }
            }
        }
    });
    for (at, (m, s)) in in_means.into_iter().zip(in_scales).enumerate() {
        let turned = at % count * columns + at / count;
        (gm[turned], gs[turned]) = (m, s);
    }
    Ok(())
}

/// `ga +=` the cotangents of the logits, given those of the terms and of the energies.
pub fn mixture_in_logits(primal: usize, count: usize, logits: In, of: In, g: In, ga: Out) -> DevResult {
    let mut shares = logits.to_vec();
    let total = exponentials(&mut shares, largest(logits));
    let sum: Real = g[..primal].iter().sum();
    ga.iter_mut().zip(&shares).for_each(|(ga, share)| *ga += sum * share / total);
    of[..primal * count].chunks_exact(count).for_each(|of| add(ga, of));
    Ok(())
}
