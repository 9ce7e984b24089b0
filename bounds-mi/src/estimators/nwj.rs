use super::{Differentiated, Method, Pairs, Value, means::standard_error};
use ebm_core::bounds::Guarantee;

/// `E_joint[T] - E_product[e^(T - 1)] <= I(x; z)` for every T, with equality at `T = 1 + ln p(x, z) / (p(x) p(z))`
/// (Nguyen, Wainwright and Jordan, IEEE Trans. Inf. Theory 2010).
///
/// The exponential is not clipped: a clipped value would not be a bound. Its variance grows like e^I. Where rare pairs carry its
/// mean, a batch without them is far too high at a small standard error: [`Weights`](super::Weights) say what can be seen of it.
///
/// # Panics
/// If the arrays do not fit the pairs.
pub fn nwj(joint: &[f64], product: &[f64], pairs: &Pairs) -> Differentiated {
    let n = pairs.samples as f64;
    let b: Vec<f64> = product.iter().map(|t| (t - 1.0).exp()).collect();
    let slopes: Vec<f64> = b.iter().zip(&pairs.weights).map(|(b, w)| -w * b).collect();
    Differentiated {
        value: joint.iter().sum::<f64>() / n + slopes.iter().sum::<f64>(),
        standard_error: standard_error(joint, &b, pairs),
        joint: vec![1.0 / n; joint.len()],
        product: slopes,
    }
}

pub(super) const METHOD: Method = Method {
    normaliser: Some(|_, _| 1.0),
    ..Method::mean(Value::Critic(nwj), || {
        Guarantee::certified(
            "in expectation, for every critic: means over fresh samples are unbiased, but a batch cannot tell of pairs too \
             rare to be in it",
        )
    })
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula() {
        // (1 + 2)/2 - (e^-0.5 + e^-2.5)/2 = 1.5 - (0.606531 + 0.082085)/2
        let value = nwj(&[1.0, 2.0], &[0.5, -1.5], &Pairs::shifted(2, 1)).value;
        assert!((value - (1.5 - 0.344_308)).abs() < 1e-6);
        assert!(nwj(&[1.0, 2.0], &[1e4, 0.0], &Pairs::shifted(2, 1)).value.is_infinite());
    }
}
