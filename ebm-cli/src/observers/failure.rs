use ebm_core::bounds::{Level, Measurement};
use ebm_core::{data::column_moments, device::Real};

use super::{Divergence, History};

/// Steps below which a run is too short to be judged by what it has learned.
const JUDGED_FROM: u64 = 500;
/// The most by which the result may be worse than a Gaussian fitted to the data, in nats, beyond five standard errors.
const WORSE_THAN_GAUSSIAN: f64 = 0.25;
const STANDARD_ERRORS: f64 = 5.0;
/// The least share of the modes that as many samples of the data would cover.
const COVERED: f64 = 0.5;
/// The least variance of generated samples, summed over the dimensions, relative to that of the data.
const COLLAPSED: f64 = 1e-3;

const UNSTABLE: &str = "try smaller learning rates, or a confinement of the energy (energy.confinement)";
const UNTRAINED: &str =
    "try more steps (train.steps), another upper.weight, or an energy with more detail (energy.hidden)";
const NARROW: &str = "try more steps (train.steps), a larger weight of the entropy (train.lambda), or a generator that \
                      cannot fold (generator = \"flow\")";

/// What the result of a run is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Yardsticks {
    /// The negative log-likelihood of a Gaussian fitted to the data, in nats.
    pub gaussian: f64,
    /// The modes of the data, where they are known.
    pub modes: Option<usize>,
    /// [`spread`] of the generated samples, where there is a generator.
    pub spread: Option<f64>,
}

/// Judges the result of a run that reached its end after `steps` steps, in any number of dimensions, by its final evaluation: why it is
/// unusable, or `None`. A run of fewer than 500 steps is judged by what is not finite alone.
pub fn failure(history: &History, steps: u64, yardsticks: Yardsticks) -> Option<Divergence> {
    let mut reasons = not_finite(history, yardsticks.spread);
    if steps >= JUDGED_FROM {
        reasons.extend(worse_than_gaussian(history, yardsticks.gaussian).map(|reason| (reason, UNTRAINED)));
        let narrow = [missed_modes(history, yardsticks.modes), missed_stacks(history), collapsed(yardsticks.spread)];
        reasons.extend(narrow.into_iter().flatten().map(|reason| (reason, NARROW)));
    }
    let advice = reasons.first()?.1.into();
    let reasons: Vec<String> = reasons.into_iter().map(|(reason, _)| reason).collect();
    Some(Divergence { reason: reasons.join(", and "), advice })
}

/// The variance of generated samples `[n, width]` relative to that of data `[m, width]`, each summed over the dimensions; `None` if the
/// data do not vary.
pub fn spread(generated: &[Real], data: &[Real], width: usize) -> Option<f64> {
    let variance = |samples| column_moments(samples, width).into_iter().map(|(_, variance)| variance).sum::<f64>();
    let of_data = variance(data);
    (of_data > 0.0).then(|| variance(generated) / of_data)
}

fn not_finite(history: &History, spread: Option<f64>) -> Vec<(String, &'static str)> {
    let named = [("nll", "negative log-likelihood"), ("lower", "lower bound"), ("upper", "upper bound")];
    let figures = named.into_iter().filter_map(|(name, what)| Some((what, history.latest(name)?.value)));
    let broken = figures.filter(|(_, value)| !value.is_finite());
    let mut reasons: Vec<String> = broken.map(|(what, value)| format!("the {what} is {value}")).collect();
    if spread.is_some_and(|spread| !spread.is_finite()) {
        reasons.push("not all generated samples are finite".into());
    }
    reasons.into_iter().map(|reason| (reason, UNSTABLE)).collect()
}

/// By the exact likelihood, or where there is none by a certified lower bound of it.
fn worse_than_gaussian(history: &History, gaussian: f64) -> Option<String> {
    let certified = |bound: &&Measurement| bound.level() == Some(Level::Certified);
    let (what, found) = match history.latest("nll") {
        Some(nll) => ("the negative log-likelihood is", nll),
        None => ("the negative log-likelihood is at least", history.latest("lower").filter(certified)?),
    };
    // Without an error there is nothing to judge by; a column that does not vary has no Gaussian.
    let slack = STANDARD_ERRORS * found.standard_error;
    let known = gaussian.is_finite() && found.value.is_finite();
    let worse = known && found.value - slack > gaussian + WORSE_THAN_GAUSSIAN;
    worse.then(|| format!("{what} {:.3} nats; a Gaussian fitted to the data has {gaussian:.3}", found.value))
}

fn missed_modes(history: &History, modes: Option<usize>) -> Option<String> {
    let (covered, modes) = (history.latest("modes_covered")?, modes? as f64);
    // As many samples, spread evenly.
    let expected = modes * (1.0 - (1.0 - 1.0 / modes).powf(covered.samples as f64));
    let missed = covered.value < COVERED * expected;
    missed.then(|| format!("the generated samples cover {} of the data's {modes} modes", covered.value))
}

fn missed_stacks(history: &History) -> Option<String> {
    let [covered, of_data] = ["stacked_modes", "stacked_modes_of_data"].map(|name| history.latest(name));
    let (covered, of_data) = (covered?.value, of_data?.value);
    let missed = covered < COVERED * of_data;
    missed.then(|| format!("the generated samples cover {covered} modes, as many held-out samples {of_data}"))
}

fn collapsed(spread: Option<f64>) -> Option<String> {
    let spread = spread.filter(|spread| *spread < COLLAPSED)?;
    Some(format!("the generated samples are nearly one point: their variance is {spread:.1e} of the data's"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;
    use ebm_train::Evaluation;

    const SOUND: Yardsticks = Yardsticks { gaussian: 2.838, modes: Some(25), spread: Some(1.0) };

    /// The verdict on a run whose final evaluation has these values, with a standard error of 0.01 from 10,000 samples.
    fn judged(figures: &[(&str, f64)], steps: u64, yardsticks: Yardsticks) -> Option<String> {
        let claim = |name: &str| match name {
            "lower" => Guarantee::certified("test"),
            _ => Guarantee::heuristic("test"),
        };
        let measured =
            |&(name, value): &(&str, f64)| (name.to_string(), Measurement::new(value, 0.01, 10_000, claim(name)));
        let mut history = History::default();
        history.evaluated(steps, &figures.iter().map(measured).collect::<Evaluation>());
        failure(&history, steps, yardsticks).map(|found| found.reason)
    }

    #[test]
    fn a_sound_result_passes_and_each_failure_is_told() {
        let sound = [("nll", 2.9), ("lower", 2.5), ("upper", 9.0), ("modes_covered", 13.0), ("good_share", 0.02)];
        assert_eq!(judged(&sound, 40_000, SOUND), None);
        for (figure, told) in [
            (("nll", 3.2), "is 3.200 nats; a Gaussian fitted to the data has 2.838"),
            (("modes_covered", 1.0), "cover 1 of the data's 25 modes"),
            (("nll", f64::INFINITY), "the negative log-likelihood is inf"),
            (("upper", f64::NAN), "the upper bound is NaN"),
        ] {
            let reason = judged(&[figure], 40_000, SOUND).unwrap();
            assert!(reason.contains(told), "{reason}");
        }
        // One mode of 25 and 98.96 % good samples, in any dimension.
        let collapsed = Yardsticks { spread: Some(3.1e-4), ..SOUND };
        let reason = judged(&[("modes_covered", 1.0), ("good_share", 0.9896)], 500, collapsed).unwrap();
        assert!(reason.contains("25 modes, and") && reason.contains("variance is 3.1e-4 of the data's"), "{reason}");
        let broken = Yardsticks { spread: Some(f64::NAN), ..SOUND };
        assert_eq!(judged(&[], 1, broken).unwrap(), "not all generated samples are finite");
    }

    #[test]
    fn without_a_likelihood_a_certified_lower_bound_is_judged_and_a_short_run_is_not() {
        assert!(judged(&[("lower", 9.0)], 500, SOUND).unwrap().contains("is at least 9.000 nats"));
        // The exact value is better than any bound of it.
        assert_eq!(judged(&[("lower", 9.0), ("nll", 1.0)], 500, SOUND), None);
        let poor = [("lower", 9.0), ("modes_covered", 1.0)];
        assert_eq!(judged(&poor, 499, Yardsticks { spread: Some(0.0), ..SOUND }), None);
        // A pixel that is always black has no Gaussian.
        assert_eq!(judged(&[("lower", 9.0)], 500, Yardsticks { gaussian: f64::NEG_INFINITY, ..SOUND }), None);
        let stacked = [("stacked_modes", 120.0), ("stacked_modes_of_data", 300.0)];
        assert!(judged(&stacked, 500, SOUND).unwrap().contains("cover 120 modes, as many held-out samples 300"));
    }

    #[test]
    fn few_samples_need_not_cover_what_they_cannot() {
        let judged = |samples: usize, covered: f64| {
            let mut history = History::default();
            let found = Measurement::new(covered, 0.0, samples, Guarantee::heuristic("test"));
            history.evaluated(500, &Evaluation::from([("modes_covered".to_string(), found)]));
            failure(&history, 500, SOUND)
        };
        // Of 25 modes, 5 samples cover 25 (1 - 0.96^5) = 4.6 in expectation.
        assert_eq!(judged(5, 3.0), None);
        assert!(judged(5, 2.0).is_some());
    }

    #[test]
    fn the_spread_is_the_ratio_of_the_sums_of_variances() {
        // Columns of variance 1 and 4 against one of 0.25 and one of 0.
        let (data, generated) = ([0.0, 10.0, 2.0, 14.0], [7.0, 3.0, 8.0, 3.0]);
        assert_eq!(spread(&generated, &data, 2), Some(0.05));
        assert_eq!(spread(&generated, &[5.0; 4], 2), None);
        assert!(spread(&[Real::NAN, 0.0], &data, 2).unwrap().is_nan());
    }
}
