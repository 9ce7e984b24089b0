use ebm_core::models::closed_form::standard_normal_entropy;
use serde::Serialize;

/// A mean over the latents, in nats per sample. A value that is not finite is `null` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error; NaN of fewer than two latents.
    pub standard_error: f64,
}

impl Mean {
    /// Computes the mean of one value a latent.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Self { value: mean, standard_error: (squares / (n - 1.0) / n).sqrt() }
    }
}

/// Three figures for the entropy of G(z), with `H0 = d/2 ln(2 pi e)` the entropy of z: `smallest <= exact <= ceiling` at every
/// latent.
///
/// Minus infinity where a singular value is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Entropies {
    /// `H0 + d ln s_1`: the bound `sv` with the variant `smallest` and the exact solver.
    pub smallest: Mean,
    /// `H0 + sum_i ln s_i`: the entropy itself, of an injective generator without noise.
    pub exact: Mean,
    /// `H0 + d/2 ln(||J||_F^2 / d)`: the ceiling, by the inequality of the means.
    pub ceiling: Mean,
    /// The exact figure minus the smallest: what the bound gives away.
    pub exact_over_smallest: Mean,
    /// The ceiling minus the exact figure.
    pub ceiling_over_exact: Mean,
}

impl Entropies {
    /// Computes it from the singular values `[n, d]` at n latents.
    pub fn of(spectra: &[Vec<f64>]) -> Self {
        let d = spectra.first().map_or(0, Vec::len);
        let start = standard_normal_entropy(d);
        let figure = |of: fn(&[f64]) -> f64| Mean::of(spectra.iter().map(|values| start + of(values)));
        let gap = |upper: fn(&[f64]) -> f64, lower: fn(&[f64]) -> f64| {
            Mean::of(spectra.iter().map(|values| upper(values) - lower(values)))
        };
        Self {
            smallest: figure(log_smallest),
            exact: figure(log_volume),
            ceiling: figure(log_mean_square),
            exact_over_smallest: gap(log_volume, log_smallest),
            ceiling_over_exact: gap(log_mean_square, log_volume),
        }
    }
}

fn log_smallest(values: &[f64]) -> f64 {
    values.len() as f64 * values.first().map_or(f64::NAN, |s| s.ln())
}

/// `sum_i ln s_i`.
pub(super) fn log_volume(values: &[f64]) -> f64 {
    values.iter().map(|s| s.ln()).sum()
}

fn log_mean_square(values: &[f64]) -> f64 {
    let d = values.len() as f64;
    let squares: f64 = values.iter().map(|s| s * s).sum();
    0.5 * d * (squares / d).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_known_singular_values_are_those_of_the_formulas() {
        let found = Entropies::of(&[vec![0.5, 1.0, 4.0], vec![0.5, 1.0, 4.0]]);
        let start = 1.5 * (std::f64::consts::TAU * std::f64::consts::E).ln();
        let ceiling = 1.5 * (17.25f64 / 3.0).ln();
        for (found, expected) in [
            (found.smallest, start - 3.0 * 2f64.ln()),
            (found.exact, start + 2f64.ln()),
            (found.ceiling, start + ceiling),
            (found.exact_over_smallest, 4.0 * 2f64.ln()),
            (found.ceiling_over_exact, ceiling - 2f64.ln()),
        ] {
            assert!((found.value - expected).abs() < 1e-12, "{found:?} {expected}");
            assert!(found.standard_error.abs() < 1e-12);
        }
    }

    #[test]
    fn errors_are_those_of_means_and_a_flat_map_has_no_entropy() {
        // Values 0 and 2: deviation sqrt(2), error 1.
        let mean = Mean::of([0.0, 2.0]);
        assert_eq!((mean.value, mean.standard_error), (1.0, 1.0));
        assert!(Mean::of([3.0]).standard_error.is_nan());
        let flat = Entropies::of(&[vec![0.0, 1.0], vec![1.0, 1.0]]);
        assert_eq!(flat.exact.value, f64::NEG_INFINITY);
        assert!(flat.ceiling.value.is_finite());
    }
}
