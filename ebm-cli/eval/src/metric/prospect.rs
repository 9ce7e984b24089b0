use ebm_core::data::Dataset;

use super::registry::{Need, Reason, registrations};
use crate::{config::EvaluateConfig, quadrature::QuadratureError};

/// What is known of an evaluation before there is a model: which of its metrics can have a value.
#[derive(Clone, Copy)]
pub struct Prospect<'a> {
    /// The data.
    pub data: &'a dyn Dataset,
    /// The options of the evaluation.
    pub config: &'a EvaluateConfig,
    /// Whether there are samples that training has not seen.
    pub holds_out: bool,
    /// Whether the model has a generator.
    pub has_generator: bool,
    /// Whether the energy knows its log Z.
    pub knows_log_partition: bool,
}

impl Prospect<'_> {
    /// Whether a need is met, as far as can be told. `Ok(false)`: it is not, and that needs no explanation.
    ///
    /// # Errors
    /// Why it is not met.
    pub fn meets(&self, need: Need) -> Result<bool, Reason> {
        let width = self.data.width();
        match need {
            Need::HeldOut if !self.holds_out => Err("the data set holds out no samples".into()),
            Need::OneOrTwoDimensions | Need::LogPartition
                if width > 2 && (need == Need::OneOrTwoDimensions || !self.knows_log_partition) =>
            {
                Err(format!("no exact value: {}", QuadratureError::Dimensions(width)).into())
            }
            // Up to two dimensions the quadrature knows better.
            Need::Chains if self.config.annealing.chains == 0 && width > 2 => {
                Err("off; evaluate.annealing.chains turns it on (some hundred chains)".into())
            }
            Need::Chains => Ok(self.config.annealing.chains > 0),
            Need::Modes if self.data.modes().is_none() => Err("the data set has no separate modes".into()),
            Need::Generator if !self.has_generator => Err("the model has no generator".into()),
            Need::Classifier => Ok(self.config.images.classifier && self.data.image().is_some()),
            _ => Ok(true),
        }
    }

    /// The names of all values that may be found, in the order of reports.
    pub fn metrics(&self) -> Vec<&'static str> {
        let met = |need: &Need| matches!(self.meets(*need), Ok(true));
        let possible = registrations().into_iter().filter(|registered| registered.needs.iter().all(met));
        possible.flat_map(|registered| registered.values).map(|value| value.name).collect()
    }
}
