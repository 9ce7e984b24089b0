use super::{Context, Findings, Metric, MetricValue, Reason, Unit};

/// Classes of StackedMNIST: a digit in each of three channels.
const STACKED: usize = 1000;

/// How many samples fell into each of K classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeHistogram {
    /// Number of samples in each class.
    pub counts: Vec<usize>,
}

impl ModeHistogram {
    /// Counts classes `0..classes`.
    ///
    /// # Panics
    /// If a sample's class is none of these.
    pub fn new(samples: impl IntoIterator<Item = usize>, classes: usize) -> Self {
        let mut counts = vec![0; classes];
        samples.into_iter().for_each(|class| counts[class] += 1);
        Self { counts }
    }

    /// The protocol of StackedMNIST: the three digits predicted for a sample's channels are its mode, one of 1000.
    ///
    /// Customarily of 26,000 samples: Metz et al., "Unrolled generative adversarial networks", ICLR 2017.
    ///
    /// # Panics
    /// If a digit is above 9.
    pub fn of_stacked_digits(digits: &[[u8; 3]]) -> Self {
        let mode = |d: &[u8; 3]| {
            assert!(d.iter().all(|digit| *digit < 10), "digits are 0 to 9, not {d:?}");
            100 * usize::from(d[0]) + 10 * usize::from(d[1]) + usize::from(d[2])
        };
        Self::new(digits.iter().map(mode), STACKED)
    }

    /// Number of classes, K.
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Number of samples, n.
    pub fn samples(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Classes with at least one sample.
    pub fn occupied(&self) -> usize {
        self.counts.iter().filter(|count| **count > 0).count()
    }

    /// `KL(histogram || uniform) = sum_k p_k log(K p_k)` in nats; NaN without samples.
    pub fn divergence(&self) -> f64 {
        self.weighted(|log_ratio| log_ratio)
    }

    /// Its standard error for independent samples, in nats: that of the mean of `log(K p_k)` (delta method), and, which
    /// is all that is left where the classes are equally frequent, that of a chi-squared of K - 1 degrees of freedom.
    pub fn divergence_standard_error(&self) -> f64 {
        let n = self.samples() as f64;
        let variance = self.weighted(|log_ratio| log_ratio * log_ratio) - self.divergence().powi(2);
        let chi_squared = (2.0 * (self.classes() as f64 - 1.0)).sqrt() / (2.0 * n);
        (variance.max(0.0) / n).sqrt().hypot(chi_squared)
    }

    /// The divergence that a perfect sampler has in expectation, in nats: `(K - 1) / (2 n)` to first order in 1/n.
    pub fn expected_divergence(&self) -> f64 {
        (self.classes() as f64 - 1.0) / (2.0 * self.samples() as f64)
    }

    fn weighted(&self, f: impl Fn(f64) -> f64) -> f64 {
        let n = self.samples() as f64;
        if n == 0.0 {
            return f64::NAN;
        }
        let seen = self.counts.iter().filter(|count| **count > 0);
        let shares = seen.map(|count| *count as f64 / n);
        shares.map(|p| p * f((p * self.classes() as f64).ln())).sum()
    }
}

/// The modes of StackedMNIST that generated samples cover, and how evenly.
struct StackedModes;

crate::register_metric!(
    StackedModes,
    place: 60,
    needs: [Classifier],
    values: [
        "stacked_modes" as "stacked modes": Count, Higher,
        "stacked_kl" as "stacked KL": Nats, Lower,
        "stacked_modes_of_data": Count, Higher,
        "stacked_kl_of_data": Nats, Lower,
    ],
);

impl Metric for StackedModes {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some((classified, sets)) = context.compared() else { return Ok(()) };
        let Some([generated, of_data]) = &sets.stacked else { return Ok(()) };
        for (suffix, comma, what, digits) in [
            ("", "", "generated samples", generated),
            ("_of_data", ", data", "held-out samples: what a perfect generator has", of_data),
        ] {
            let histogram = ModeHistogram::of_stacked_digits(digits);
            let (samples, all) = (histogram.samples(), histogram.classes());
            let how = format!("the three digits that {} sees in {samples} {what}", classified.name());
            found.push(MetricValue::new(
                &format!("stacked_modes{suffix}"),
                &format!("modes covered, of {all}{comma}"),
                (histogram.occupied() as f64, Unit::Count),
                samples,
                format!("modes with at least one sample; a mode is {how}"),
            ));
            let divergence = MetricValue::new(
                &format!("stacked_kl{suffix}"),
                &format!("KL(modes || uniform){comma}"),
                (histogram.divergence(), Unit::Nats),
                samples,
                format!(
                    "of the histogram of modes, {how}; a perfect sampler scores {}/(2 x {samples}) = {:.4} in expectation",
                    all - 1,
                    histogram.expected_divergence()
                ),
            );
            found.push(divergence.with_error(histogram.divergence_standard_error()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Mean;
    use ebm_core::random::Random;

    #[test]
    fn three_digits_are_a_mode_and_divergences_are_those_of_the_formula() {
        let histogram = ModeHistogram::of_stacked_digits(&[[0, 0, 0], [9, 9, 9], [1, 2, 3], [1, 2, 3]]);
        assert_eq!((histogram.classes(), histogram.samples(), histogram.occupied()), (1000, 4, 3));
        assert_eq!((histogram.counts[0], histogram.counts[123], histogram.counts[999]), (1, 2, 1));
        // 1/2 log(1000/2) + 2 * 1/4 log(1000/4)
        let expected = 0.5 * 500f64.ln() + 0.5 * 250f64.ln();
        assert!((histogram.divergence() - expected).abs() < 1e-12);
        // Even and collapsed samples have the least and the largest divergence.
        let even = ModeHistogram::new((0..3000).map(|i| i % 1000), 1000);
        assert_eq!((even.divergence(), even.occupied()), (0.0, 1000));
        let collapsed = ModeHistogram::new(vec![7; 50], 1000);
        assert!((collapsed.divergence() - 1000f64.ln()).abs() < 1e-12);
        assert!(ModeHistogram::new([], 10).divergence().is_nan());
    }

    #[test]
    fn a_perfect_sampler_scores_what_is_expected_with_the_spread_that_is_stated() {
        let divergence = |step| {
            let draws = Random::new(6).stream("modes").at(step).uniforms(26_000);
            let class = |u: &ebm_core::device::Real| ((f64::from(*u) * 1000.0) as usize).min(999);
            let histogram = ModeHistogram::new(draws.iter().map(class), 1000);
            assert!((histogram.expected_divergence() - 0.0192).abs() < 5e-5);
            histogram.divergence()
        };
        let Mean { value: mean, standard_error } = Mean::of((0..40).map(divergence));
        let deviation = standard_error * 40f64.sqrt();
        // The second-order term, about K^2 / (12 n^2), is 1.2e-4; the chi-squared's deviation is 8.6e-4.
        let standard_error = 8.6e-4 / 40f64.sqrt();
        assert!((mean - 0.0192 - 1.2e-4).abs() < 4.0 * standard_error, "{mean}");
        assert!((0.6..1.5).contains(&(deviation / 8.6e-4)), "{deviation}");
    }

    #[test]
    fn the_standard_error_is_that_of_repeated_draws_where_classes_are_not_even() {
        // Classes 0 and 1 with probabilities 0.8 and 0.2.
        let n = 500;
        let draw = |step| {
            let draws = Random::new(8).stream("uneven").at(step).uniforms(n);
            ModeHistogram::new(draws.iter().map(|u| usize::from(*u < 0.2)), 2)
        };
        let found = Mean::of((0..400).map(|step| draw(step).divergence()));
        let deviation = found.standard_error * 400f64.sqrt();
        // sqrt(0.16) log(4) / sqrt(500), and 1e-3 of the chi-squared beside it.
        assert!((deviation / 0.0248 - 1.0).abs() < 0.15, "{deviation}");
        assert!((draw(0).divergence_standard_error() / 0.0248 - 1.0).abs() < 0.15);
    }
}
