use ebm_core::bounds::{Measurement, Target};
use serde::{Deserialize, Serialize};

use super::History;
use crate::plots::CurvePoint;

/// The most that the negative log-likelihood may rise above its best value, in nats.
const RISE: f64 = 3.0;
/// The most by which a model may be worse than a Gaussian fitted to the data, in nats.
const WORSE_THAN_GAUSSIAN: f64 = 5.0;
/// How large energy differences may become where the likelihood is not known, in nats a dimension. The energy of samples
/// of a calibrated model spreads by about 0.7 nats times the root of the number of dimensions.
const SCALE: f64 = 50.0;

/// A run that diverged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    pub reason: String,
    pub advice: String,
}

/// Judges a run by its current state. `gaussian` is the negative log-likelihood of a Gaussian fitted to the data, in
/// nats; `width` is the number of data dimensions.
pub fn judge(history: &History, gaussian: f64, width: usize) -> Option<Divergence> {
    let reason = match (history.latest("nll"), history.best("nll")) {
        (Some(now), best) => likelihood(now, best, gaussian),
        (None, Some(CurvePoint { step, value, .. })) => Some(format!(
            "the model has no likelihood any longer, its energy cannot be normalised; at step {step} the negative \
             log-likelihood was {value:.3} nats"
        )),
        (None, None) => scale(history, width),
    }?;
    let advice = match history.target {
        Some(Target::Nothing) => {
            "nothing bounds the likelihood from above here, so the energy is free to run away: use a bound, \
             such as upper = \"gp\""
        }
        _ => {
            "try a larger upper.weight, a smaller train.energy.optimizer.learning_rate, a learning rate that decays \
             (train.energy.schedule.course), or a confinement of the energy (energy.confinement)"
        }
    };
    Some(Divergence { reason, advice: advice.into() })
}

fn likelihood(now: &Measurement, best: Option<CurvePoint>, gaussian: f64) -> Option<String> {
    let value = now.value;
    if !value.is_finite() {
        return Some(format!("the negative log-likelihood is {value}"));
    }
    let margin = |error: f64| if error.is_finite() { 5.0 * error } else { 0.0 };
    let slack = margin(now.standard_error);
    match best {
        // It may be of the rows for validation, and the last of those held out: both have their error.
        Some(best) if value > best.value + RISE + slack + margin(best.standard_error) => Some(format!(
            "the negative log-likelihood is {value:.3} nats, far above the {:.3} of step {}",
            best.value, best.step
        )),
        _ if value > gaussian + WORSE_THAN_GAUSSIAN + slack => Some(format!(
            "the negative log-likelihood is {value:.3} nats; a Gaussian fitted to the data has {gaussian:.3}"
        )),
        _ => None,
    }
}

fn scale(history: &History, width: usize) -> Option<String> {
    let report = history.report.as_ref()?;
    let (data, generated) = (report.data_energy.as_ref()?, report.generated_energy.as_ref()?);
    let limit = SCALE * width.max(1) as f64;
    let gap = data.value - generated.value;
    if !gap.is_finite() || gap.abs() > limit {
        return Some(format!(
            "the energies of data and of generated samples are {gap:.4e} nats apart, far more than {width} dimensions \
             account for"
        ));
    }
    let spread = |m: &Measurement| m.standard_error * (m.samples as f64).sqrt();
    let widest = spread(data).max(spread(generated));
    if widest > limit {
        return Some(format!(
            "the energies of one batch spread by {widest:.4e} nats, far more than {width} dimensions account for"
        ));
    }
    // The bounds hold the likelihood between them: where they are this far apart they say nothing about it any longer.
    let gap = report.gap.as_ref().map(|gap| gap.value);
    let gap = gap.filter(|gap| !gap.is_finite() || *gap > 2.0 * limit)?;
    Some(format!(
        "the bounds are {gap:.4e} nats apart, far more than {width} dimensions account for: they hold nothing any longer"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;
    use ebm_train::{Evaluation, StepReport};

    fn measured(value: f64) -> Measurement {
        Measurement::of([value - 0.01, value + 0.01], Guarantee::heuristic("test"))
    }

    /// The history of a run with these likelihoods at steps 1000, 2000, ...; where one is NaN there was none.
    fn run(likelihoods: &[f64]) -> History {
        let mut history = History::default();
        for (i, nll) in likelihoods.iter().enumerate() {
            let known = (!nll.is_nan()).then(|| ("nll".to_string(), measured(*nll)));
            history.evaluated(1000 * (i as u64 + 1), &Evaluation::from_iter(known));
        }
        history
    }

    /// The verdict on a run with these values in its last report.
    fn judged(data: f64, generated: f64, gap: f64, target: Target) -> Option<Divergence> {
        let mut history = run(&[f64::NAN]);
        history.report(&StepReport {
            step: 1,
            data_energy: Some(measured(data)),
            generated_energy: Some(measured(generated)),
            gap: Some(measured(gap)),
            target: Some(target),
            ..Default::default()
        });
        judge(&history, 2.8, 2)
    }

    #[test]
    fn a_run_that_improves_or_wobbles_is_sound_and_a_likelihood_that_rises_is_poor_or_vanishes_is_told() {
        for sound in [&[2.8, 1.0, 0.1][..], &[2.8, 0.1, 1.0], &[]] {
            assert_eq!(judge(&run(sound), 2.8, 2), None);
        }
        for (likelihoods, told) in [
            (&[2.8, 0.5, 9.0][..], "9.000 nats, far above the 0.500 of step 2000"),
            (&[8.5], "Gaussian"),
            (&[2.8, f64::NAN], "cannot be normalised; at step 1000"),
        ] {
            let reason = judge(&run(likelihoods), 2.8, 2).unwrap().reason;
            assert!(reason.contains(told), "{reason}");
        }
    }

    #[test]
    fn a_best_value_that_is_uncertain_is_no_measure() {
        let judged = |uncertain: f64| {
            let mut history = History::default();
            let best = Measurement::of([0.5 - uncertain, 0.5 + uncertain], Guarantee::heuristic("test"));
            history.evaluated(1000, &Evaluation::from([("nll".to_string(), best)]));
            history.evaluated(2000, &Evaluation::from([("nll".to_string(), measured(9.0))]));
            judge(&history, 10.0, 2)
        };
        // Its standard error is 2.5, or 0.01.
        assert_eq!(judged(2.5), None);
        assert!(judged(0.01).is_some());
    }

    #[test]
    fn without_a_likelihood_the_scale_of_the_energy_and_the_gap_decide() {
        assert_eq!(judged(0.0, 90.0, 0.0, Target::Divergence), None);
        assert_eq!(judged(0.0, 10.0, 150.0, Target::Divergence), None);
        let apart = judged(0.0, 10.0, 250.0, Target::Divergence).unwrap().reason;
        assert!(apart.contains("the bounds are 2.5000e2 nats apart"), "{apart}");
        let Divergence { reason, advice } = judged(0.0, 5e6, 0.0, Target::Nothing).unwrap();
        assert!(reason.contains("apart") && advice.contains("upper = \"gp\""), "{reason}: {advice}");
    }
}
