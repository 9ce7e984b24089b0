use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::non_finite::Fault;
use ebm_core::bounds::{Measurement, Target};

/// The measurements of an evaluation, by name.
pub type Evaluation = BTreeMap<String, Measurement>;

/// The values of one iteration, in nats. Terms that an objective does not have are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The iteration, counted from 1.
    pub step: u64,
    /// `E_data[E]`.
    pub data_energy: Option<Measurement>,
    /// `E_pg[E]`.
    pub generated_energy: Option<Measurement>,
    /// The energy of the refined negatives, where their chains are now.
    pub refined_energy: Option<Measurement>,
    /// The penalty on the energy's gradient at the data, with its weight.
    pub data_penalty: Option<Measurement>,
    /// `floor(H[p_g])`.
    pub entropy: Option<Measurement>,
    /// `ceil(H[p_g])`, for the upper bound.
    #[serde(rename = "entropy_ceiling")]
    pub entropy_upper_bound: Option<Measurement>,
    /// The upper bound's own term, see [`UpperBound::divergence`](ebm_core::bounds::UpperBound::divergence).
    pub divergence: Option<Measurement>,
    /// `floor(L) = E_data[E] - E_pg[E] + floor(H)`.
    pub lower: Option<Measurement>,
    /// `ceil(L)`, where the bounds in use provide one.
    pub upper: Option<Measurement>,
    /// `ceil(L) - floor(L)`, where both are there. The terms that they share cancel, also in the standard error.
    pub gap: Option<Measurement>,
    /// The quantity that the upper bound's term bounds.
    #[serde(skip)]
    pub target: Option<Target>,
    /// The energy's loss in its last step.
    pub energy_loss: Option<f64>,
    /// The generator's loss in its last step.
    pub generator_loss: Option<f64>,
    /// Euclidean norm of the energy's gradient before clipping.
    pub energy_gradient_norm: Option<f64>,
    /// Euclidean norm of the generator's gradient before clipping.
    pub generator_gradient_norm: Option<f64>,
    /// The number of generated samples that would be worth as much as the weighted ones, in the energy's last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_samples: Option<f64>,
    /// The energy's learning rate.
    pub energy_learning_rate: f64,
    /// The generator's learning rate.
    pub generator_learning_rate: f64,
    /// The weight of the entropy in the generator's loss, where it changes over the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// The weight of the energy in the generator's loss, where it changes over the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy_weight: Option<f64>,
    /// The fault, if the iteration was discarded because a term was not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

impl StepReport {
    /// The measurements, by the names that they are written under.
    pub fn measurements(&mut self) -> [(&'static str, &mut Option<Measurement>); 10] {
        [
            ("data_energy", &mut self.data_energy),
            ("generated_energy", &mut self.generated_energy),
            ("refined_energy", &mut self.refined_energy),
            ("data_penalty", &mut self.data_penalty),
            ("entropy", &mut self.entropy),
            ("entropy_ceiling", &mut self.entropy_upper_bound),
            ("divergence", &mut self.divergence),
            ("lower", &mut self.lower),
            ("upper", &mut self.upper),
            ("gap", &mut self.gap),
        ]
    }

    /// The numbers of both players' updates that are not estimates, by the names that they are written under.
    pub fn numbers(&mut self) -> [(&'static str, &mut Option<f64>); 7] {
        [
            ("energy_loss", &mut self.energy_loss),
            ("generator_loss", &mut self.generator_loss),
            ("energy_gradient_norm", &mut self.energy_gradient_norm),
            ("generator_gradient_norm", &mut self.generator_gradient_norm),
            ("effective_samples", &mut self.effective_samples),
            ("lambda", &mut self.lambda),
            ("energy_weight", &mut self.energy_weight),
        ]
    }

    /// Takes the measurements of all samples of several parts of a batch from the parts, and the means of their losses.
    pub(crate) fn pool(&mut self, mut parts: Vec<Self>) {
        for (index, (_, pooled)) in self.measurements().into_iter().enumerate() {
            let measured: Option<Vec<_>> = parts.iter_mut().map(|part| part.measurements()[index].1.take()).collect();
            *pooled = measured.and_then(|measured| Measurement::pooled(&measured));
        }
        let mean = |loss: fn(&Self) -> Option<f64>| {
            let losses: Option<Vec<f64>> = parts.iter().map(loss).collect();
            losses.map(|losses| losses.iter().sum::<f64>() / losses.len() as f64)
        };
        self.energy_loss = mean(|part| part.energy_loss);
        self.generator_loss = mean(|part| part.generator_loss);
        let effective: Option<Vec<f64>> = parts.iter().map(|part| part.effective_samples).collect();
        self.effective_samples = effective.map(|parts| parts.iter().sum());
    }

    /// Fills in `lower`, `upper` and `gap` from the terms.
    pub(crate) fn combine(&mut self) {
        let (Some(data), Some(generated)) = (&self.data_energy, &self.generated_energy) else {
            return;
        };
        let contrast = difference(data, generated);
        let lower = self.entropy.as_ref();
        // The upper bound's part beside the contrast, which both bounds share.
        let upper = match (self.target, &self.divergence, &self.entropy_upper_bound) {
            (Some(Target::CrossEntropy), Some(cross), _) => Some(cross.clone()),
            (Some(Target::Divergence), Some(divergence), Some(entropy)) => Some(total(divergence, entropy)),
            _ => None,
        };
        self.lower = lower.map(|lower| total(&contrast, lower));
        self.upper = upper.as_ref().map(|upper| total(&contrast, upper));
        self.gap = upper.zip(lower).map(|(upper, lower)| difference(&upper, lower));
    }
}

fn difference(a: &Measurement, b: &Measurement) -> Measurement {
    Measurement::new(
        a.value - b.value,
        a.standard_error.hypot(b.standard_error),
        a.samples.min(b.samples),
        a.guarantee.clone().and(b.guarantee.clone()),
    )
}

fn total(a: &Measurement, b: &Measurement) -> Measurement {
    let mut sum = a.clone();
    sum.value += b.value;
    sum.standard_error = sum.standard_error.hypot(b.standard_error);
    sum.samples = sum.samples.min(b.samples);
    sum.guarantee = b.guarantee.clone().and(sum.guarantee);
    sum.settled()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::{Guarantee, Level};

    fn measured(value: f64, standard_error: f64, guarantee: Guarantee) -> Option<Measurement> {
        Some(Measurement::new(value, standard_error, 100, guarantee))
    }

    fn report() -> StepReport {
        let exact = || Guarantee::certified("exact");
        StepReport {
            data_energy: measured(1.0, 30.0, exact()),
            generated_energy: measured(3.0, 40.0, exact()),
            entropy: measured(0.5, 0.3, exact()),
            entropy_upper_bound: measured(0.75, 0.0, exact()),
            divergence: measured(1.25, 0.4, Guarantee::heuristic("tuned")),
            target: Some(Target::Divergence),
            ..Default::default()
        }
    }

    #[test]
    fn the_gap_does_not_carry_the_error_of_what_both_bounds_share() {
        let mut report = report();
        report.combine();
        let [lower, upper, gap] = [&report.lower, &report.upper, &report.gap].map(|m| m.as_ref().unwrap());
        assert_eq!((lower.value, upper.value, gap.value), (-1.5, 0.0, 1.5));
        // 3, 4, 5 and the two terms that differ, 0.3 and 0.4.
        assert!((lower.standard_error - (2500.0f64 + 0.09).sqrt()).abs() < 1e-12);
        assert!((gap.standard_error - 0.5).abs() < 1e-12);
        assert_eq!(lower.guarantee.level, Level::Certified);
        assert_eq!((upper.guarantee.level, gap.guarantee.level), (Level::Heuristic, Level::Heuristic));
    }

    #[test]
    fn a_sum_that_is_not_finite_carries_no_claim() {
        let mut report = StepReport { entropy: measured(f64::NAN, 0.0, Guarantee::certified("exact")), ..report() };
        report.combine();
        let [lower, upper] = [&report.lower, &report.upper].map(|m| m.as_ref().unwrap());
        assert_eq!((lower.level(), lower.guarantee.level), (None, Level::Heuristic));
        assert_eq!(upper.level(), Some(Level::Heuristic));
    }

    #[test]
    fn an_upper_bound_of_the_cross_entropy_needs_no_entropy_and_a_lower_bound_does() {
        let mut report =
            StepReport { entropy: None, entropy_upper_bound: None, target: Some(Target::CrossEntropy), ..report() };
        report.combine();
        assert_eq!(report.upper.as_ref().unwrap().value, -0.75);
        assert!(report.lower.is_none() && report.gap.is_none());
        report.target = Some(Target::Divergence);
        report.combine();
        assert!(report.upper.is_none());
    }
}
