use super::{Method, Value};
use ebm_core::bounds::Guarantee;

/// `H[p_g] >= -E[ ln( 1/(K+1) sum_(k=0..K) N(x; G(z_k), sigma^2 I) ) ]` for every G, with the latent z_0 of x and K latents of a bank,
/// independent of it: the noise's entropy plus `infonce` with the best critic there is, p(x given z) itself (Poole et al., ICML 2019,
/// "known conditional"; Yin and Zhou, "Semi-implicit variational inference", ICML 2018). It grows with K, is at most
/// `ln(K + 1)` above the noise's entropy, and falls short by about `e^I / (2 K)` where K is much larger than e^I.
///
/// The mean of `terms` `[B]`, minus the logarithms, and its standard error. All samples share the bank: `shares` `[B, 1 + K]` are those of
/// the kernels in a sample's sum, its own first. By projection on single draws, a latent of the bank moves the mean by the mean of
/// its shares; what these scatter by because the samples are few is taken off.
///
/// # Panics
/// If there are no equal numbers of shares for the samples.
pub fn multi_sample(terms: &[f64], shares: &[f64]) -> (f64, f64) {
    let (batch, all) = (terms.len(), shares.len());
    let kernels = all / batch.max(1);
    assert!(kernels > 0 && kernels * batch == all, "{all} shares of {batch} samples");
    let n = batch as f64;
    let mean = terms.iter().sum::<f64>() / n;
    if batch < 2 {
        return (mean, f64::INFINITY);
    }
    let of_samples = terms.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0) / n;
    let (mut sums, mut squares) = (vec![0.0; kernels - 1], 0.0);
    for row in shares.chunks_exact(kernels) {
        for (sum, share) in sums.iter_mut().zip(&row[1..]) {
            *sum += share;
            squares += share * share;
        }
    }
    let count = sums.len() as f64;
    // The scatter of a mean of n shares, over all latents.
    let by_chance = (squares - sums.iter().map(|s| s * s).sum::<f64>() / n) / n / (n - 1.0);
    let average = sums.iter().sum::<f64>() / n / count;
    let apart = sums.iter().map(|s| (s / n - average).powi(2)).sum::<f64>() * count / (count - 1.0);
    // A single latent has no scatter, and a difference of two estimates may be negative.
    let of_bank = if apart > by_chance { apart - by_chance } else { 0.0 };
    (mean, (of_samples + of_bank).sqrt())
}

pub(super) const METHOD: Method =
    Method::mean(Value::Bank, || Guarantee::certified("in expectation, for every generator and any number of latents"));

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::kernels::kernel_sum::weighted_log_mean_normal;
    use ebm_core::prelude::*;

    /// Value and standard error for x = 2 z + n / 2 on the line, with so many samples and latents in the bank.
    fn draw(seed: u64, batch: usize, samples: usize) -> (f64, f64) {
        let normals = |name: &str, count| Random::new(seed).stream(name).normals(count);
        let line = |values: Vec<Real>| {
            let count = values.len();
            SharedTape::off().watch(&tensor(values, (count, 1usize)))
        };
        let own: Vec<Real> = normals("z", batch).into_iter().map(|z| 2.0 * z).collect();
        let x = own.iter().zip(normals("n", batch)).map(|(g, n)| g + 0.5 * n).collect();
        let bank = normals("bank", samples).into_iter().map(|z| 2.0 * z).collect();
        let sigma = SharedTape::off().constant(0.5);
        let (values_of_x, shares) = weighted_log_mean_normal(line(x), line(own), line(bank), sigma);
        let terms: Vec<f64> = values(&values_of_x).into_iter().map(|v| -f64::from(v)).collect();
        let shares: Vec<f64> = values(&shares).into_iter().map(f64::from).collect();
        multi_sample(&terms, &shares)
    }

    #[test]
    fn it_is_below_the_entropy_and_comes_close_for_many_latents() {
        // 1/2 ln(2 pi e (4 + 1/4))
        let truth = 1.418_938_5 + 0.5 * 4.25f64.ln();
        let mut last = f64::NEG_INFINITY;
        for samples in [1, 8, 64, 512] {
            let draws: Vec<f64> = (0..40).map(|seed| draw(seed, 200, samples).0).collect();
            let mean = draws.iter().sum::<f64>() / 40.0;
            let error = (draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 39.0 / 40.0).sqrt();
            assert!(mean > last && mean < truth + 4.0 * error, "{samples}: {mean} +- {error}, {truth}");
            last = mean;
        }
        assert!(last > truth - 0.06, "{last}");
    }

    #[test]
    fn the_standard_error_is_the_spread_over_batches_and_banks() {
        for (batch, samples) in [(200, 30), (60, 300)] {
            let draws: Vec<(f64, f64)> = (0..1500).map(|seed| draw(seed, batch, samples)).collect();
            let count = draws.len() as f64;
            let mean = draws.iter().map(|(value, _)| value).sum::<f64>() / count;
            let scatter = draws.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            let told = draws.iter().map(|(_, error)| error * error).sum::<f64>() / count;
            let ratio = (told / scatter).sqrt();
            assert!((ratio - 1.0).abs() < 0.15, "{batch}, {samples}: {ratio}");
        }
    }

    #[test]
    fn one_sample_has_no_scatter_and_one_latent_none_between_latents() {
        assert_eq!(multi_sample(&[2.0], &[0.75, 0.25]), (2.0, f64::INFINITY));
        // The mean of 1 and 3, whose squares around it are 2, over 1 and 2.
        assert_eq!(multi_sample(&[1.0, 3.0], &[0.5, 0.5, 0.9, 0.1]), (2.0, 1.0));
    }
}
