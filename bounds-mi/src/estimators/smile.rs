use super::{Differentiated, Method, Pairs, Value, dv};
use ebm_core::bounds::Guarantee;

/// Density ratios are clipped to [e^-5, e^5].
const CLIP: f64 = 5.0;

/// `E_joint[T] - ln E_product[clip(e^T, e^-5, e^5)]` (SMILE: Song and Ermon, "Understanding the limitations of variational
/// mutual information estimators", ICLR 2020, equation 13).
///
/// The clipped mean has a variance of at most e^10 / B, where that of [`dv`] grows like e^(2I). Where it clips from above it
/// overestimates: the value is no bound. A clipped pair has the slope 0.
///
/// # Panics
/// If the arrays do not fit the pairs.
pub fn smile(joint: &[f64], product: &[f64], pairs: &Pairs) -> Differentiated {
    let clipped: Vec<f64> = product.iter().map(|t| t.clamp(-CLIP, CLIP)).collect();
    let mut found = dv(joint, &clipped, pairs);
    for (slope, t) in found.product.iter_mut().zip(product) {
        if t.abs() > CLIP {
            *slope = 0.0;
        }
    }
    found
}

pub(super) const METHOD: Method = Method {
    coupling: Some("smile has the logarithm of a mean over the samples"),
    ..Method::mean(Value::Critic(smile), || {
        Guarantee::heuristic("ratios are clipped at e^5, so the value may be above the mutual information")
    })
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formula_and_of_dv_where_nothing_is_clipped() {
        let pairs = Pairs::shifted(2, 1);
        // 1.5 - ln((e^5 + e^-5)/2) = 1.5 - ln 74.209949
        let found = smile(&[1.0, 2.0], &[9.0, -7.0], &pairs);
        assert!((found.value - (1.5 - 74.209_949f64.ln())).abs() < 1e-6);
        assert_eq!(found.product, [0.0, 0.0]);
        assert_eq!(smile(&[1.0, 2.0], &[0.5, -1.5], &pairs), dv(&[1.0, 2.0], &[0.5, -1.5], &pairs));
    }
}
