use super::{Differentiated, Method, Pairs, Value};
use ebm_core::bounds::Guarantee;

/// `mean_i ln( e^T_ii / mean_j e^T_ij ) <= I(x; z)` in expectation for every T, j over the whole group, i included; at most
/// ln(group) (van den Oord, Li and Vinyals, 2018; as a bound: Poole et al., ICML 2019, section 2.3).
///
/// The standard error takes into account that a latent appears in the terms of its whole group.
///
/// # Panics
/// If the arrays do not fit the pairs.
pub fn infonce(joint: &[f64], product: &[f64], pairs: &Pairs) -> Differentiated {
    let n = pairs.samples as f64;
    let mut largest = joint.to_vec();
    for (&i, &t) in pairs.x.iter().zip(product) {
        largest[i] = largest[i].max(t);
    }
    // Sums and numbers of terms, row by row.
    let mut sums: Vec<f64> = joint.iter().zip(&largest).map(|(t, m)| (t - m).exp()).collect();
    let mut counts = vec![1.0; joint.len()];
    for (&i, &t) in pairs.x.iter().zip(product) {
        sums[i] += (t - largest[i]).exp();
        counts[i] += 1.0;
    }
    let own: Vec<f64> = (0..joint.len()).map(|i| joint[i] - largest[i] - (sums[i] / counts[i]).ln()).collect();
    let share = |i: usize, t: f64| (t - largest[i]).exp() / sums[i];
    let value = own.iter().sum::<f64>() / n;
    let mut influence = own;
    let mut slopes = Differentiated {
        value,
        standard_error: 0.0,
        joint: Vec::with_capacity(joint.len()),
        product: Vec::with_capacity(product.len()),
    };
    for (i, &t) in joint.iter().enumerate() {
        slopes.joint.push((1.0 - share(i, t)) / n);
        influence[i] -= share(i, t);
    }
    for ((&i, &j), &t) in pairs.x.iter().zip(&pairs.z).zip(product) {
        slopes.product.push(-share(i, t) / n);
        influence[j] -= share(i, t);
    }
    let mean = influence.iter().sum::<f64>() / n;
    let squares: f64 = influence.iter().map(|h| (h - mean).powi(2)).sum();
    slopes.standard_error = (squares / (n - 1.0) / n).sqrt();
    slopes
}

pub(super) const METHOD: Method = Method {
    compares_groups: true,
    diagnostics: |_, _, pairs| vec![("cap", pairs.cap())],
    ..Method::mean(Value::Critic(infonce), || {
        Guarantee::certified("in expectation, for every critic and group size, up to ln(group)")
    })
};

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn values_are_those_of_the_formula() {
        let pairs = Pairs::all(2, 2);
        // Rows (1, 0.5) and (2, -1.5): ln(2 e/(e + e^0.5)) = ln 2 - ln(1 + e^-0.5) = 0.693147 - 0.474077, and
        // ln 2 - ln(1 + e^-3.5) = 0.693147 - 0.029750.
        let value = infonce(&[1.0, 2.0], &[0.5, -1.5], &pairs).value;
        assert!((value - (2f64.ln() - (0.474_077 + 0.029_750) / 2.0)).abs() < 1e-6);
    }

    #[test]
    fn it_is_between_nothing_and_its_cap() {
        let pairs = Pairs::all(12, 6);
        let blind = infonce(&[0.7; 12], &[0.7; 60], &pairs);
        assert!(blind.value.abs() < 1e-15 && blind.standard_error < 1e-15);
        let sure = infonce(&[1e4; 12], &[-1e4; 60], &pairs);
        assert!((sure.value - 6f64.ln()).abs() < 1e-15);
        assert!((pairs.cap() - 6f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn at_the_best_critic_it_comes_close_in_large_groups() {
        let (truth, pairs) = (check::truth(), Pairs::all(2000, 500));
        let (joint, product) = check::best(&pairs, 0.0, 3);
        let found = infonce(&joint, &product, &pairs);
        assert!((found.value - truth).abs() < 4.0 * found.standard_error + 0.01, "{} {truth}", found.value);
    }

    #[test]
    fn the_standard_error_is_the_spread_over_batches() {
        let pairs = Pairs::all(60, 20);
        let runs: Vec<_> = (0..1500)
            .map(|seed| {
                let (joint, product) = check::best(&pairs, 0.0, seed);
                infonce(&joint, &product, &pairs)
            })
            .collect();
        let count = runs.len() as f64;
        let mean = runs.iter().map(|r| r.value).sum::<f64>() / count;
        let variance = runs.iter().map(|r| (r.value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let claimed = runs.iter().map(|r| r.standard_error.powi(2)).sum::<f64>() / count;
        assert!(((claimed / variance).sqrt() - 1.0).abs() < 0.1, "{claimed} {variance}");
    }
}
