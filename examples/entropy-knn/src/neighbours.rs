//! The estimate of Kozachenko and Leonenko and its gradient, in plain numbers of double precision.
//!
//! ```
//! use entropy_knn::neighbours::{CLOSEST, Distances, entropy};
//!
//! // The nearest neighbours of 0, 1 and 3 are 1, 1 and 2 away: psi(3) - psi(1) = 3/2, V_1 = 2, and ln r is ln 2 / 3 in the
//! // mean.
//! let found: Distances = entropy(&[0.0, 1.0, 3.0], 1, 1).unwrap();
//! let estimate = found.terms.iter().sum::<f64>() / 3.0;
//! assert!((estimate - (1.5 + 2f64.ln() + 2f64.ln() / 3.0)).abs() < 1e-12);
//! // To move all of them changes nothing.
//! assert!(found.gradient.iter().sum::<f64>().abs() < 1e-12);
//!
//! // Two that are one are told, and three have no third neighbour.
//! assert_eq!(entropy(&[0.0, 0.1 * CLOSEST, 3.0], 1, 1).unwrap().ties, 2);
//! assert_eq!(entropy(&[0.0, 1.0, 3.0], 1, 3), None);
//! assert_eq!((entropy(&[0.0, 1.0], 1, 0), entropy(&[], 2, 1)), (None, None));
//! ```

/// Distances below this count as this: the logarithm of zero is no number to train with. Samples that close are told.
pub const CLOSEST: f64 = 1e-9;

/// The estimate on a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    /// One value for each sample, in nats; their mean is the estimate. They share neighbours, so their spread gives the
    /// standard error but roughly.
    pub terms: Vec<f64>,
    /// The derivatives of the mean in the samples, `[N, D]`.
    pub gradient: Vec<f64>,
    /// Samples whose neighbour is nearer than [`CLOSEST`].
    pub ties: usize,
}

/// The entropy of the distribution that `samples` `[N, D]`, row-major, were drawn from, by the distance of each to its k-th
/// nearest neighbour; `None` unless `1 <= k < N`.
///
/// Every pair is looked at: N^2 D operations.
pub fn entropy(samples: &[f64], width: usize, k: usize) -> Option<Distances> {
    let count = samples.len() / width;
    if k == 0 || k >= count {
        return None;
    }
    let point = |i: usize| &samples[i * width..(i + 1) * width];
    let constant = digamma_difference(count, k) + ln_unit_ball(width);
    let (d, share) = (width as f64, width as f64 / count as f64);
    let mut terms = Vec::with_capacity(count);
    let mut gradient = vec![0.0; samples.len()];
    let mut ties = 0;
    for i in 0..count {
        let (j, square) = nearest(samples, width, i, k);
        let distance = square.sqrt();
        // NaN goes on to the value, for the trainer to see.
        if distance < CLOSEST {
            ties += 1;
            terms.push(constant + d * CLOSEST.ln());
            continue;
        }
        terms.push(constant + d * distance.ln());
        // d ln r / d x_i = (x_i - x_j) / r^2, and the negative in x_j.
        for c in 0..width {
            let slope = share * (point(i)[c] - point(j)[c]) / square;
            gradient[i * width + c] += slope;
            gradient[j * width + c] -= slope;
        }
    }
    Some(Distances { terms, gradient, ties })
}

/// The k-th nearest neighbour of point i, and the square of its distance.
fn nearest(samples: &[f64], width: usize, i: usize, k: usize) -> (usize, f64) {
    let own = &samples[i * width..(i + 1) * width];
    // The k nearest so far, nearest first.
    let mut found: Vec<(usize, f64)> = Vec::with_capacity(k + 1);
    for (j, other) in samples.chunks_exact(width).enumerate().filter(|(j, _)| *j != i) {
        let square: f64 = own.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
        if found.len() == k && found[k - 1].1.total_cmp(&square).is_le() {
            continue;
        }
        let place = found.partition_point(|(_, nearer)| nearer.total_cmp(&square).is_le());
        found.insert(place, (j, square));
        found.truncate(k);
    }
    found[k - 1]
}

/// psi(n) - psi(k) for whole numbers `n >= k >= 1`: `1/k + ... + 1/(n - 1)`.
fn digamma_difference(n: usize, k: usize) -> f64 {
    (k..n).map(|i| 1.0 / i as f64).sum()
}

/// The logarithm of the volume of the unit ball: `V_0 = 1`, `V_1 = 2`, `V_D = V_{D-2} 2 pi / D`.
fn ln_unit_ball(width: usize) -> f64 {
    let start = if width.is_multiple_of(2) { 0.0 } else { 2f64.ln() };
    let steps = (2 + width % 2..=width).step_by(2);
    start + steps.map(|d| (std::f64::consts::TAU / d as f64).ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::models::closed_form::standard_normal_entropy;
    use ebm_core::random::Random;
    use std::f64::consts::PI;

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        Random::new(seed).stream("points").normals(count).into_iter().map(f64::from).collect()
    }

    fn mean(found: &Distances) -> f64 {
        found.terms.iter().sum::<f64>() / found.terms.len() as f64
    }

    #[test]
    fn volumes_of_balls_are_those_of_the_books() {
        for (width, volume) in [(1, 2.0), (2, PI), (3, 4.0 * PI / 3.0), (4, PI * PI / 2.0), (5, 8.0 * PI * PI / 15.0)] {
            assert!((ln_unit_ball(width) - f64::ln(volume)).abs() < 1e-14, "{width}");
        }
    }

    #[test]
    fn three_points_on_a_line_are_worked_out_by_hand() {
        // 0, 1, 3 with k = 1: distances 1, 1, 2; psi(3) - psi(1) = 3/2.
        let found = entropy(&[0.0, 1.0, 3.0], 1, 1).unwrap();
        let constant = 1.5 + 2f64.ln();
        let truth = [constant, constant, constant + 2f64.ln()];
        found.terms.iter().zip(truth).for_each(|(a, b)| assert!((a - b).abs() < 1e-15));
        // ln(b - a) twice and ln(c - b) once, a third each.
        let truth = [-2.0 / 3.0, 2.0 / 3.0 - 1.0 / 6.0, 1.0 / 6.0];
        found.gradient.iter().zip(truth).for_each(|(a, b)| assert!((a - b).abs() < 1e-15));
    }

    #[test]
    fn the_entropy_of_a_normal_distribution_is_met() {
        for (width, k, tolerance) in [(1, 1, 0.06), (1, 4, 0.05), (2, 3, 0.06), (3, 3, 0.08)] {
            let found = mean(&entropy(&normals(2000 * width, 5), width, k).unwrap());
            let truth = standard_normal_entropy(width);
            assert!((found - truth).abs() < tolerance, "{width} {k}: {found} is not {truth}");
        }
    }

    #[test]
    fn slopes_agree_with_finite_differences() {
        for (width, k) in [(1, 1), (2, 1), (2, 3), (3, 2)] {
            let points = normals(12 * width, 9);
            let found = entropy(&points, width, k).unwrap();
            for (i, slope) in found.gradient.iter().enumerate() {
                let at = |by: f64| {
                    let mut moved = points.clone();
                    moved[i] += by;
                    mean(&entropy(&moved, width, k).unwrap())
                };
                let truth = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((slope - truth).abs() < 1e-6 * (1.0 + truth.abs()), "{i}: {slope} {truth}");
            }
        }
    }

    #[test]
    fn points_that_coincide_have_a_number_and_what_is_no_number_stays_none() {
        let found = entropy(&[0.5, 0.5, 2.0], 1, 1).unwrap();
        assert!(found.terms.iter().chain(&found.gradient).all(|v| v.is_finite()));
        assert!(mean(&entropy(&[0.0, f64::NAN, 1.0], 1, 2).unwrap()).is_nan());
    }
}
