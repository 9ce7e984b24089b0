//! Whether a run diverged, why, and what to try.

use ebm_core::bounds::{Measurement, Target};
use serde::{Deserialize, Serialize};

use super::History;

/// How far the likelihood may rise above its best, in nats.
const RISE: f64 = 3.0;
/// How much worse than a Gaussian fitted to the data a model may be, in nats.
const WORSE_THAN_GAUSSIAN: f64 = 5.0;
/// How large energy differences may become where the likelihood is not known, in nats a dimension. The energy of samples
/// of a calibrated model spreads by about 0.7 nats times the root of the number of dimensions.
const SCALE: f64 = 50.0;

/// A run that diverged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// What was seen.
    pub reason: String,
    /// What to try.
    pub advice: String,
}

/// Judges a run by where it stands now. `gaussian` is the negative log-likelihood of a Gaussian fitted to the data, in
/// nats; `width` is the number of data dimensions.
pub fn judge(history: &History, gaussian: f64, width: usize) -> Option<Divergence> {
    let reason = match (history.latest("nll"), history.best("nll")) {
        (Some(now), best) => likelihood(now, best.map(|point| (point.value, point.step)), gaussian),
        (None, Some(best)) => Some(format!(
            "the model has no likelihood any longer, its energy cannot be normalised; at step {} the negative \
             log-likelihood was {:.3} nats",
            best.step, best.value
        )),
        (None, _) => scale(history, width),
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
    Some(Divergence {
        reason,
        advice: advice.into(),
    })
}

fn likelihood(now: &Measurement, best: Option<(f64, u64)>, gaussian: f64) -> Option<String> {
    let slack = 5.0
        * if now.standard_error.is_finite() {
            now.standard_error
        } else {
            0.0
        };
    let value = now.value;
    if !value.is_finite() {
        return Some(format!("the negative log-likelihood is {value}"));
    }
    match best {
        Some((best, step)) if value > best + RISE + slack => Some(format!(
            "the negative log-likelihood is {value:.3} nats, far above the {best:.3} of step {step}"
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
    let spread = |m: &Measurement| m.standard_error * (m.samples as f64).sqrt();
    if !gap.is_finite() || gap.abs() > limit {
        return Some(format!(
            "the energies of data and of generated samples are {gap:.4e} nats apart, far more than {width} dimensions \
             account for"
        ));
    }
    let widest = spread(data).max(spread(generated));
    if widest > limit {
        return Some(format!(
            "the energies of one batch spread by {widest:.4e} nats, far more than {width} dimensions account for"
        ));
    }
    // The bounds hold the likelihood between them: where they are this far apart they say nothing about it any longer.
    let gap = report
        .gap
        .as_ref()
        .map(|gap| gap.value)
        .filter(|gap| !gap.is_finite() || *gap > 2.0 * limit)?;
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

    fn run(likelihoods: &[f64]) -> History {
        let mut history = History::default();
        for (i, nll) in likelihoods.iter().enumerate() {
            let mut evaluation = Evaluation::new();
            if !nll.is_nan() {
                evaluation.insert("nll".into(), measured(*nll));
            }
            history.evaluated(1000 * (i as u64 + 1), &evaluation);
        }
        history
    }

    fn report(data: f64, generated: f64, target: Target) -> StepReport {
        StepReport {
            step: 1,
            data_energy: Some(measured(data)),
            generated_energy: Some(measured(generated)),
            target: Some(target),
            ..Default::default()
        }
    }

    #[test]
    fn a_run_that_improves_or_wobbles_is_sound() {
        assert_eq!(judge(&run(&[2.8, 1.0, 0.1]), 2.8, 2), None);
        assert_eq!(judge(&run(&[2.8, 0.1, 1.0]), 2.8, 2), None);
        assert_eq!(judge(&History::default(), 2.8, 2), None);
    }

    #[test]
    fn a_rising_likelihood_is_told_with_its_best() {
        let found = judge(&run(&[2.8, 0.5, 9.0]), 2.8, 2).unwrap();
        assert!(
            found.reason.contains("9.000") && found.reason.contains("step 2000"),
            "{found:?}"
        );
        assert!(judge(&run(&[8.5]), 2.8, 2).unwrap().reason.contains("Gaussian"));
        assert!(
            judge(&run(&[2.8, f64::NAN]), 2.8, 2)
                .unwrap()
                .reason
                .contains("normalised")
        );
    }

    #[test]
    fn without_a_likelihood_the_scale_of_the_energy_decides() {
        let mut history = run(&[f64::NAN]);
        history.report(&report(0.0, 90.0, Target::Divergence));
        assert_eq!(judge(&history, 2.8, 2), None);
        history.report(&report(0.0, 5e6, Target::Nothing));
        let found = judge(&history, 2.8, 2).unwrap();
        let wide = |gap| StepReport {
            gap: Some(measured(gap)),
            ..report(0.0, 10.0, Target::Divergence)
        };
        let mut apart = run(&[f64::NAN]);
        apart.report(&wide(150.0));
        assert_eq!(judge(&apart, 2.8, 2), None);
        apart.report(&wide(250.0));
        let told = judge(&apart, 2.8, 2).unwrap();
        assert!(told.reason.contains("the bounds are 2.5000e2 nats apart"), "{told:?}");
        assert!(
            found.reason.contains("apart") && found.advice.contains("upper = \"gp\""),
            "{found:?}"
        );
    }
}
