//! What a training iteration reports.

use serde::{Deserialize, Serialize};

use crate::bounds::{Measurement, Target};

/// The figures of one iteration, in nats. Terms that an objective does not have are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The iteration, counted from 1.
    pub step: u64,
    /// `E_data[E]`.
    pub data_energy: Option<Measurement>,
    /// `E_pg[E]`.
    pub generated_energy: Option<Measurement>,
    /// `floor(H[p_g])`.
    pub entropy: Option<Measurement>,
    /// `ceil(H[p_g])`, for the upper bound.
    pub entropy_ceiling: Option<Measurement>,
    /// The upper bound's own term, see [`UpperBound::divergence`](crate::bounds::UpperBound::divergence).
    pub divergence: Option<Measurement>,
    /// `floor(L) = E_data[E] - E_pg[E] + floor(H)`.
    pub lower: Option<Measurement>,
    /// `ceil(L)`, where the bounds in use provide one.
    pub upper: Option<Measurement>,
    /// What the upper bound's term bounds.
    #[serde(skip)]
    pub target: Option<Target>,
    /// What the energy minimised in its last step.
    pub energy_loss: Option<f64>,
    /// What the generator minimised in its last step.
    pub generator_loss: Option<f64>,
    /// Euclidean norm of the energy's gradient before clipping.
    pub energy_gradient_norm: Option<f64>,
    /// Euclidean norm of the generator's gradient before clipping.
    pub generator_gradient_norm: Option<f64>,
    /// The energy's learning rate.
    pub energy_learning_rate: f64,
    /// The generator's learning rate.
    pub generator_learning_rate: f64,
}

impl StepReport {
    /// Fills in `lower` and `upper` from the terms.
    pub(super) fn combine(&mut self) {
        let (Some(data), Some(generated), Some(entropy)) = (&self.data_energy, &self.generated_energy, &self.entropy)
        else {
            return;
        };
        let contrast = difference(data, generated);
        self.lower = Some(total(&contrast, &[entropy]));
        let divergence = self.divergence.as_ref();
        self.upper = match (self.target, divergence, &self.entropy_ceiling) {
            (Some(Target::CrossEntropy), Some(cross), _) => Some(total(&contrast, &[cross])),
            (Some(Target::Divergence), Some(divergence), Some(ceiling)) => {
                Some(total(&contrast, &[divergence, ceiling]))
            }
            _ => None,
        };
    }
}

fn difference(a: &Measurement, b: &Measurement) -> Measurement {
    Measurement {
        value: a.value - b.value,
        standard_error: a.standard_error.hypot(b.standard_error),
        samples: a.samples.min(b.samples),
        guarantee: a.guarantee.clone().and(b.guarantee.clone()),
        diagnostics: Vec::new(),
    }
}

fn total(first: &Measurement, others: &[&Measurement]) -> Measurement {
    let mut sum = first.clone();
    for other in others {
        sum.value += other.value;
        sum.standard_error = sum.standard_error.hypot(other.standard_error);
        sum.samples = sum.samples.min(other.samples);
        sum.guarantee = other.guarantee.clone().and(sum.guarantee);
    }
    sum
}
