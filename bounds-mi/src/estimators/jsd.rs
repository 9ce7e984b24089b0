use super::{Differentiated, Method, Pairs, Value, means::standard_error, nwj};
use ebm_core::bounds::Guarantee;

/// `E_joint[-sp(-T)] - E_product[sp(T)]`, sp(t) = ln(1 + e^t): 2 JS - 2 ln 2 at the best critic, T = ln p(x, z) / (p(x) p(z)).
///
/// Never above 0, so never above the mutual information, but not an estimate of it (Nowozin, Cseke and Tomioka, "f-GAN",
/// NeurIPS 2016; Hjelm et al., ICLR 2019). The certified value of the same critic is that of [`nwj`](super::nwj) at T + 1.
///
/// # Panics
/// If the arrays do not fit the pairs.
pub fn jsd(joint: &[f64], product: &[f64], pairs: &Pairs) -> Differentiated {
    let n = pairs.samples as f64;
    let a: Vec<f64> = joint.iter().map(|t| -softplus(-t)).collect();
    let b: Vec<f64> = product.iter().map(|t| softplus(*t)).collect();
    let product_mean: f64 = b.iter().zip(&pairs.weights).map(|(b, w)| w * b).sum();
    Differentiated {
        value: a.iter().sum::<f64>() / n - product_mean,
        standard_error: standard_error(&a, &b, pairs),
        joint: joint.iter().map(|t| sigmoid(-t) / n).collect(),
        product: product.iter().zip(&pairs.weights).map(|(t, w)| -w * sigmoid(*t)).collect(),
    }
}

fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

fn sigmoid(t: f64) -> f64 {
    // e^-|t| cannot overflow.
    let e = (-t.abs()).exp();
    if t >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

pub(super) const METHOD: Method = Method {
    diagnostics: |joint, product, pairs| {
        let one_more = |values: &[f64]| values.iter().map(|t| t + 1.0).collect::<Vec<_>>();
        let certified = nwj(&one_more(joint), &one_more(product), pairs).value;
        Vec::from_iter(certified.is_finite().then_some(("nwj", certified)))
    },
    ..Method::mean(Value::Critic(jsd), || {
        Guarantee::heuristic("the Jensen-Shannon value is not in nats of the mutual information")
    })
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula() {
        let pairs = Pairs::shifted(2, 1);
        // T = 0: -2 ln 2.
        let blind = jsd(&[0.0; 2], &[0.0; 2], &pairs);
        assert!((blind.value + 2.0 * 2f64.ln()).abs() < 1e-15);
        // sp(-1) = 0.313262, sp(-2) = 0.126928, sp(0.5) = 0.974077, sp(-1.5) = 0.201413.
        let value = jsd(&[1.0, 2.0], &[0.5, -1.5], &pairs).value;
        assert!((value + (0.313_262 + 0.126_928 + 0.974_077 + 0.201_413) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn extreme_critics_overflow_nothing() {
        let far = jsd(&[1e4, -1e4], &[-1e4, 1e4], &Pairs::shifted(2, 1));
        assert_eq!((far.value, &far.joint[..], &far.product[..]), (-1e4, &[0.0, 0.5][..], &[0.0, -0.5][..]));
    }
}
