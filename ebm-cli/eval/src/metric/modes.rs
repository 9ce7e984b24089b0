use ebm_core::{data::Modes, device::Real};

use super::{Context, Findings, Metric, MetricValue, Reason, Unit};

/// A sample is good if it is within this many standard deviations of its nearest mode's centre.
pub const GOOD_RADIUS: f64 = 4.0;

/// How samples spread over the modes of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// Number of samples.
    pub samples: usize,
    /// Good samples whose nearest centre is this mode's, for each mode.
    pub good: Vec<usize>,
}

impl Coverage {
    /// Counts the good samples of each mode among row-major samples `[n, D]`.
    ///
    /// # Panics
    /// If the centres do not have a common positive width.
    pub fn of(samples: &[Real], modes: &Modes) -> Self {
        let width = modes.centres[0].len();
        let radius = GOOD_RADIUS * modes.standard_deviation;
        let mut good = vec![0; modes.centres.len()];
        for sample in samples.chunks_exact(width) {
            let squares = modes.centres.iter().map(|centre| {
                let differences = sample.iter().zip(centre).map(|(&v, c)| (f64::from(v) - c).powi(2));
                differences.sum::<f64>()
            });
            if let Some((mode, square)) = squares.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))
                && square <= radius * radius
            {
                good[mode] += 1;
            }
        }
        Self { samples: samples.len() / width, good }
    }

    /// Modes with at least one good sample, and at least a share `min_share` of all samples.
    pub fn covered(&self, min_share: f64) -> usize {
        let least = (min_share * self.samples as f64).max(1.0);
        self.good.iter().filter(|&&count| count as f64 >= least).count()
    }

    /// Share of all samples that are good.
    pub fn good_share(&self) -> f64 {
        self.share(self.good.iter().sum())
    }

    /// Share of all samples that are good ones of the mode that has fewest.
    pub fn least_share(&self) -> f64 {
        self.share(self.good.iter().copied().min().unwrap_or(0))
    }

    /// Standard error of a share, binomial.
    pub fn standard_error(&self, share: f64) -> f64 {
        (share * (1.0 - share) / self.samples as f64).sqrt()
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.samples as f64
    }

    fn share_value(&self, (name, label): (&str, &str), share: f64, protocol: String) -> MetricValue {
        MetricValue::new(name, label, (share, Unit::Share), self.samples, protocol)
            .with_error(self.standard_error(share))
    }
}

/// The modes that generated samples cover, and the share of good samples.
struct GoodSamples;

crate::register_metric!(
    GoodSamples,
    place: 40,
    needs: [Modes],
    values: [
        "modes_covered" as "modes": Count, Higher,
        "least_mode_share": Share, Higher,
        "good_share" as "good samples": Share, Higher,
        "good_share_of_data": Share, Higher,
    ],
);

impl Metric for GoodSamples {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let modes = context.data.modes().ok_or("the data set has no separate modes")?;
        let within = format!("within {GOOD_RADIUS} standard deviations of the nearest mode's centre");
        match context.generated() {
            None => found.lack("modes_covered", "the model has no generator"),
            Some(samples) => {
                let (coverage, min_share) = (Coverage::of(samples, &modes), context.config.min_share);
                let enough = match min_share > 0.0 {
                    true => format!("at least {:.3} % of the generated samples", 100.0 * min_share),
                    false => "at least one generated sample".into(),
                };
                let count = modes.centres.len();
                found.push(MetricValue::new(
                    "modes_covered",
                    &format!("modes covered, of {count}"),
                    (coverage.covered(min_share) as f64, Unit::Count),
                    coverage.samples,
                    format!("modes that {enough} is nearest to and {within}"),
                ));
                let named = ("least_mode_share", "samples of the least covered mode");
                let even = format!("share of generated samples; an even spread has {:.2} %", 100.0 / count as f64);
                found.push(coverage.share_value(named, coverage.least_share(), even));
                let protocol = format!("generated samples {within}");
                found.push(coverage.share_value(("good_share", "good samples"), coverage.good_share(), protocol));
            }
        }
        if !context.held_out.is_empty() {
            let coverage = Coverage::of(&context.held_out, &modes);
            let named = ("good_share_of_data", "good samples among data");
            let protocol = format!("held-out samples {within}: what a perfect generator has");
            found.push(coverage.share_value(named, coverage.good_share(), protocol));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes() -> Modes {
        Modes { centres: vec![vec![0.0, 0.0], vec![10.0, 0.0], vec![0.0, 10.0]], standard_deviation: 0.5 }
    }

    #[test]
    fn good_means_within_four_deviations_of_the_nearest_centre_and_what_is_no_number_is_not_good() {
        let samples = [0.0, 1.99, 0.0, 2.01, 8.1, 0.0, 9.9, 0.1, 5.0, 5.0];
        let coverage = Coverage::of(&samples, &modes());
        assert_eq!((coverage.samples, &coverage.good[..]), (5, &[1, 2, 0][..]));
        assert_eq!((coverage.good_share(), coverage.least_share()), (0.6, 0.0));
        assert_eq!(coverage.covered(0.0), 2);
        assert_eq!(coverage.covered(0.3), 1);
        // sqrt(0.6 * 0.4 / 5)
        assert!((coverage.standard_error(0.6) - 0.219_089).abs() < 1e-6);
        let coverage = Coverage::of(&[Real::NAN, 0.0, Real::INFINITY, 0.0], &modes());
        assert_eq!((coverage.samples, coverage.good_share()), (2, 0.0));
    }
}
