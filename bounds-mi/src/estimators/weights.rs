use super::Pairs;
use ebm_core::bounds::{Guarantee, Level};

/// Effective pairs below which the mean of an exponential is not to be trusted, and the share of all pairs.
const FEWEST: f64 = 10.0;
const SMALLEST_SHARE: f64 = 0.01;
/// Nats of a value, at most, that may rest on density ratios above the number of pairs.
const UNSUPPORTED: f64 = 0.1;

/// How well a batch's product pairs carry the mean of `e^(T - c)`, c the normaliser of an estimator.
///
/// The mean holds for every critic in expectation, but a few rare pairs may carry it: then a batch without them has a value
/// that is far too high, and a standard error that is far too small. What can be seen of that is here. A rare pair that was not
/// drawn cannot be excluded by any samples (McAllester and Stratos, "Formal limitations on the measurement of mutual
/// information", AISTATS 2020).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// `(sum w)^2 / sum w^2` of the pairs' weights `w = e^T`: the effective sample size, from 1 to the number of pairs.
    pub effective_pairs: f64,
    /// `mean_i max(T_ii - c - ln n, 0)` over the joint values, n pairs, in nats: T - c stands for the logarithm of a density
    /// ratio, and pairs with a ratio above n are expected less than once among n.
    pub unsupported: f64,
    pairs: f64,
}

impl Weights {
    /// Those of a critic's values.
    pub fn new(joint: &[f64], product: &[f64], normaliser: f64, pairs: &Pairs) -> Self {
        let largest = product.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut squares) = (0.0, 0.0);
        for (t, w) in product.iter().zip(&pairs.weights) {
            let weight = w * (t - largest).exp();
            sum += weight;
            squares += weight * weight;
        }
        let count = product.len() as f64;
        let excess = |t: &f64| (t - normaliser - count.ln()).max(0.0);
        Self {
            effective_pairs: sum * sum / squares,
            unsupported: joint.iter().map(excess).sum::<f64>() / joint.len() as f64,
            pairs: count,
        }
    }

    /// The claim, or a weaker one where few pairs carry the mean.
    pub fn limit(&self, claim: Guarantee) -> Guarantee {
        // Of very few pairs half are enough.
        let needed = FEWEST.min(0.5 * self.pairs).max(SMALLEST_SHARE * self.pairs);
        let weakness = if claim.level < Level::Asymptotic {
            None
        } else if self.effective_pairs >= needed {
            (self.unsupported > UNSUPPORTED).then(|| {
                format!(
                    "{:.1} nats of the value stand for pairs rarer than one in the {} that were drawn",
                    self.unsupported, self.pairs
                )
            })
        } else {
            let effective = self.effective_pairs;
            Some(format!("{effective:.1} effective pairs of {} carry the mean of the exponential", self.pairs))
        };
        match weakness {
            Some(weakness) => Guarantee::asymptotic(format!("in the limit of many pairs: {weakness}")),
            None => claim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::nwj;
    use super::*;

    fn claim() -> Guarantee {
        Guarantee::certified("test")
    }

    #[test]
    fn the_effective_sample_size_is_that_of_the_formula() {
        // Weights 1, 1/2, 1/4: (7/4)^2 / (21/16) = 7/3.
        let product = [0.0, 0.5f64.ln(), 0.25f64.ln()];
        let found = Weights::new(&[0.0; 3], &product, 1.0, &Pairs::shifted(3, 1));
        assert!((found.effective_pairs - 7.0 / 3.0).abs() < 1e-14, "{found:?}");
        // A constant changes nothing, however large.
        let far = product.map(|t| t + 1e4);
        let same = Weights::new(&[0.0; 3], &far, 1.0, &Pairs::shifted(3, 1));
        assert!((same.effective_pairs - 7.0 / 3.0).abs() < 1e-10);
        assert_eq!(found.limit(claim()), claim());
    }

    #[test]
    fn a_mean_that_few_pairs_carry_costs_the_certificate() {
        let pairs = Pairs::shifted(2000, 7);
        let mut product = vec![1.0; 2000];
        assert_eq!(Weights::new(&[1.0; 2000], &product, 1.0, &pairs).limit(claim()), claim());
        product[3] = 12.0;
        let found = Weights::new(&[1.0; 2000], &product, 1.0, &pairs).limit(claim());
        assert_eq!(found.level, Level::Asymptotic);
        assert!(found.reason.contains("1.1 effective pairs of 2000"), "{found:?}");
        // What claims nothing claims nothing less.
        let tuned = Guarantee::heuristic("tuned");
        assert_eq!(Weights::new(&[1.0; 2000], &product, 1.0, &pairs).limit(tuned.clone()), tuned);
    }

    #[test]
    fn a_frozen_critic_whose_rare_pairs_were_not_drawn_is_not_certified() {
        // All pairs alike and tiny, all joint values high: 17 nats with a standard error of 0.
        let (pairs, joint, product) = (Pairs::shifted(1000, 3), [17.0; 1000], [-30.0; 1000]);
        let value = nwj(&joint, &product, &pairs);
        assert!((value.value - 17.0).abs() < 1e-10 && value.standard_error < 1e-8, "{value:?}");
        let found = Weights::new(&joint, &product, 1.0, &pairs);
        assert!((found.effective_pairs - 1000.0).abs() < 1e-6);
        // 16 - ln 1000 = 16 - 6.907755
        assert!((found.unsupported - 9.092_245).abs() < 1e-6);
        let found = found.limit(claim());
        assert_eq!(found.level, Level::Asymptotic);
        assert!(found.reason.contains("9.1 nats") && found.reason.contains("1000"), "{found:?}");
    }

    #[test]
    fn values_that_are_no_numbers_certify_nothing() {
        let found = Weights::new(&[1.0; 30], &[f64::NEG_INFINITY; 30], 1.0, &Pairs::shifted(30, 3));
        assert_eq!(found.limit(claim()).level, Level::Asymptotic);
    }
}
