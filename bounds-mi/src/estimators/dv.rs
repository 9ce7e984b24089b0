use super::{Differentiated, Method, Pairs, Value, means::standard_error};
use ebm_core::bounds::Guarantee;

/// `E_joint[T] - ln E_product[e^T] <= I(x; z)` for every T, with equality at `T = ln p(x, z) / (p(x) p(z))` up to a constant
/// (Donsker and Varadhan, Comm. Pure Appl. Math. 1983; MINE: Belghazi et al., ICML 2018).
///
/// The logarithm of a *sample* mean is too low on average (Jensen), so on a batch the value is too high, by about half the
/// relative variance of the mean. The standard error is that of the linearised logarithm.
///
/// # Panics
/// If the arrays do not fit the pairs.
pub fn dv(joint: &[f64], product: &[f64], pairs: &Pairs) -> Differentiated {
    let n = pairs.samples as f64;
    let log_mean = log_mean(product, pairs);
    let b: Vec<f64> = product.iter().map(|t| (t - log_mean).exp()).collect();
    Differentiated {
        value: joint.iter().sum::<f64>() / n - log_mean,
        standard_error: standard_error(joint, &b, pairs),
        joint: vec![1.0 / n; joint.len()],
        product: b.iter().zip(&pairs.weights).map(|(b, w)| -w * b).collect(),
    }
}

/// `ln E_product[e^T]`.
fn log_mean(product: &[f64], pairs: &Pairs) -> f64 {
    let largest = product.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = product.iter().zip(&pairs.weights).map(|(t, w)| w * (t - largest).exp()).sum();
    largest + sum.ln()
}

pub(super) const METHOD: Method = Method {
    normaliser: Some(log_mean),
    coupling: Some("dv has the logarithm of a mean over the samples"),
    ..Method::mean(Value::Critic(dv), || {
        Guarantee::asymptotic(
            "the logarithm of a batch mean is too low on average, so the value is too high; the error goes with 1/batch",
        )
    })
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula_and_know_no_constant() {
        let pairs = Pairs::shifted(2, 1);
        // 1.5 - ln((e^0.5 + e^-1.5)/2) = 1.5 - ln((1.648721 + 0.223130)/2)
        let value = dv(&[1.0, 2.0], &[0.5, -1.5], &pairs).value;
        assert!((value - (1.5 - 0.935_926f64.ln())).abs() < 1e-6);
        let far = dv(&[1e4 + 1.0, 1e4 + 2.0], &[1e4 + 0.5, 1e4 - 1.5], &pairs).value;
        assert!((far - value).abs() < 1e-10);
    }
}
