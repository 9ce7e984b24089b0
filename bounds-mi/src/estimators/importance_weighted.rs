use super::{Method, Value};
use ebm_core::bounds::Guarantee;

/// The terms of [`importance_weighted`], with their derivatives.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedTerms {
    /// `ln q(z_i given x_i) - ln( 1/(K+1) (1 + sum_k e^r_ik) )`, `[B]`: with `H[z]` added to their mean, a value of I(x; z).
    pub terms: Vec<f64>,
    /// The share of a sample's own latent in the sum, `1 / (1 + sum_k e^r_ik)`, `[B]`: the derivative of its term in `ln q`
    /// where the ratios move with it.
    pub own: Vec<f64>,
    /// The shares of the draws, `[K, B]`: minus the derivatives in the ratios.
    pub draws: Vec<f64>,
}

/// `I(x; z) >= H[z] + E[ ln q(z_0 given x) - ln( 1/(K+1) sum_k w_k / w_0 ) ]` for every q and K, with the latent z_0 of x, K draws of
/// q besides, and `w_k = p(z_k) p(x given z_k) / q(z_k given x)` (Sobolev and Vetrov, "Importance weighted hierarchical variational
/// inference", NeurIPS 2019; Brekelmans et al., "Improving mutual information estimation with annealed and energy-based
/// bounds", ICLR 2022). K = 0 is `barber-agakov`. It grows with K, by at most ln(K + 1), and is exact in the limit.
///
/// `own` are `ln q(z_0 given x)` `[B]`, and `ratios` `r_ik = ln w_k - ln w_0` `[K, B]`.
///
/// # Panics
/// If there is no whole number of ratios for each sample.
pub fn importance_weighted(own: &[f64], ratios: &[f64]) -> WeightedTerms {
    let batch = own.len();
    assert!(ratios.len().is_multiple_of(batch.max(1)), "{} ratios of {batch} samples", ratios.len());
    let mut found = WeightedTerms { terms: Vec::new(), own: Vec::new(), draws: vec![0.0; ratios.len()] };
    for (i, own) in own.iter().enumerate() {
        let draws = || ratios.iter().skip(i).step_by(batch);
        // That of the latent itself is 0.
        let largest = draws().copied().fold(0.0, f64::max);
        let sum = (-largest).exp() + draws().map(|r| (r - largest).exp()).sum::<f64>();
        let count = (1 + draws().count()) as f64;
        found.terms.push(own - largest - (sum / count).ln());
        found.own.push((-largest).exp() / sum);
        for (k, r) in draws().enumerate() {
            found.draws[k * batch + i] = (r - largest).exp() / sum;
        }
    }
    found
}

pub(super) const METHOD: Method = Method::mean(Value::EncoderDraws, || {
    Guarantee::certified("in expectation, for every encoder and any number of draws")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula() {
        // Weights 1, 3, 2 of the first sample, 1, 1/2, 1/2 of the second.
        let ratios = [3f64.ln(), 0.5f64.ln(), 2f64.ln(), 0.5f64.ln()];
        let found = importance_weighted(&[0.25, -1.0], &ratios);
        for (found, truth) in found.terms.iter().zip([0.25 - 2f64.ln(), -1.0 - (2.0f64 / 3.0).ln()]) {
            assert!((found - truth).abs() < 1e-14, "{found} is not {truth}");
        }
        for (found, truth) in found.own.iter().zip([1.0 / 6.0, 0.5]) {
            assert!((found - truth).abs() < 1e-14);
        }
        for (found, truth) in found.draws.iter().zip([0.5, 0.25, 1.0 / 3.0, 0.25]) {
            assert!((found - truth).abs() < 1e-14);
        }
    }

    #[test]
    fn without_draws_it_is_the_density_and_no_draw_gains_more_than_the_logarithm_of_their_number() {
        assert_eq!(importance_weighted(&[0.25, -1.0], &[]).terms, [0.25, -1.0]);
        // Draws that explain nothing gain ln(K + 1), and overflow nothing.
        let found = importance_weighted(&[0.5], &[-1e4, -1e4]).terms[0];
        assert!((found - 0.5 - 3f64.ln()).abs() < 1e-14);
        let found = importance_weighted(&[0.5], &[1e4]).terms[0];
        assert!((found - 0.5 + 1e4 - 2f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn slopes_are_those_of_central_differences() {
        const STEP: f64 = 1e-5;
        let (own, ratios) = ([0.3, -0.7], [0.5, -1.0, 1.5, 0.25, -0.5, 2.0]);
        let found = importance_weighted(&own, &ratios);
        for at in 0..ratios.len() {
            let term = |by: f64| {
                let mut moved = ratios;
                moved[at] += by;
                importance_weighted(&own, &moved).terms[at % 2]
            };
            let slope = (term(STEP) - term(-STEP)) / (2.0 * STEP);
            assert!((found.draws[at] + slope).abs() < 1e-9, "{at}");
        }
    }
}
