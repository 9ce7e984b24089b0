use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::metric::{Watched, find, rank, stand_ins, watched};
use crate::{config::StopConfig, outcome::StopReason, report::Evaluation};
use ebm_core::{error::ConfigError, parameter::State};

/// The progress of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Iterations done.
    pub step: u64,
    /// Iterations left out in a row because a term was not finite.
    pub skipped: u64,
    /// Number of times training went back to an earlier state.
    pub rollbacks: u64,
    /// Iterations that the state to go back to had done, if there is one.
    pub mark: Option<u64>,
    pub(crate) best: Best,
    /// Whether the last iteration is yet to be evaluated: training was asked to end meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unevaluated: bool,
}

/// Everything that the next iterations depend on: a trainer of the same configuration, data and seed that takes it over
/// continues exactly as the trainer that it is from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// The progress of the run.
    pub progress: Progress,
    /// Arrays by owner: players, averages, optimisers, transient states of bounds.
    pub arrays: BTreeMap<String, State>,
}

/// A state to go back to.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub step: u64,
    pub arrays: BTreeMap<String, State>,
}

/// The best value of the watched metric, and how long ago it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    value: Option<(f64, u64)>,
    /// The place of the metric among those that are watched under its name.
    #[serde(default)]
    place: usize,
    /// Evaluations since then.
    since: u64,
}

impl Best {
    /// Returns the reason to stop when the metric has been worse than its best for too long.
    pub fn watch(
        &mut self,
        stop: &StopConfig,
        evaluation: &Evaluation,
        step: u64,
    ) -> Result<Option<StopReason>, ConfigError> {
        if stop.patience == 0 {
            return Ok(None);
        }
        let Some(Watched { place, found, .. }) = watched(&stop.metric, evaluation) else {
            // An energy that cannot be normalised yet has no likelihood; a name that no evaluation knows is a mistake.
            if find(&stop.metric).is_some() {
                return Ok(None);
            }
            let known: Vec<&str> = evaluation.keys().map(String::as_str).collect();
            let expected = format!("one of the evaluation's metrics: {}", known.join(", "));
            return Err(ConfigError::new("train.stop.metric", &stop.metric, expected));
        };
        let rank = |place, value| rank(&stop.metric, place, value);
        match self.value {
            Some((best, _)) if rank(place, found.value) >= rank(self.place, best) => self.since += 1,
            _ if !found.value.is_finite() => self.since += 1,
            _ => *self = Self { value: Some((found.value, step)), place, since: 0 },
        }
        let (best, step) = self.value.unwrap_or((f64::NAN, step));
        let metric = stand_ins(&stop.metric).nth(self.place).unwrap_or(&stop.metric).to_string();
        Ok((self.since >= stop.patience).then_some(StopReason::NoImprovement { metric, best, step }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Descriptor, Direction, Unit, Values};
    use ebm_core::bounds::{Guarantee, Measurement};
    use ebm_core::registry::Entry;

    const SHARE: Descriptor =
        Descriptor { name: "test_share", unit: Unit::Share, direction: Direction::Higher, column: "" };
    inventory::submit! { Entry::other("metric", &["test_share"], ("ebm-train", "test"), &Values(&[SHARE])) }

    #[test]
    fn a_metric_improves_in_the_direction_that_it_is_registered_with() {
        let stops = |metric: &str| {
            let stop = StopConfig { patience: 2, metric: metric.into(), ..Default::default() };
            let mut best = Best::default();
            [0.1, 0.2, 0.3, 0.4].into_iter().position(|value| {
                let measured = Measurement::new(value, 0.0, 1, Guarantee::heuristic("test"));
                let evaluation = Evaluation::from([(metric.to_string(), measured)]);
                best.watch(&stop, &evaluation, 0).unwrap().is_some()
            })
        };
        assert_eq!((stops("test_share"), stops("unknown")), (None, Some(2)));
    }

    #[test]
    fn where_there_is_no_likelihood_the_bracket_is_watched_and_its_upper_side_is_better_than_any_lower_one() {
        let stop = StopConfig { patience: 2, metric: "nll".into(), ..Default::default() };
        let mut best = Best::default();
        let mut watch = |step: u64, values: &[(&str, f64)]| {
            let measured = |value| Measurement::new(value, 0.0, 1, Guarantee::heuristic("test"));
            let entry = |(name, value): &(&str, f64)| (name.to_string(), measured(*value));
            let evaluation: Evaluation = values.iter().map(entry).collect();
            best.watch(&stop, &evaluation, step).unwrap()
        };
        // Few weights carry the lower bound, and it is far too low.
        assert_eq!(watch(1, &[("weights_nll", -50.0)]), None);
        assert_eq!(watch(2, &[("weights_nll", 3.0), ("cubo_nll", 4.0)]), None);
        assert_eq!(watch(3, &[("weights_nll", -60.0)]), None);
        let stopped = watch(4, &[("weights_nll", 3.0), ("cubo_nll", 4.5)]).unwrap();
        assert_eq!(stopped.to_string(), "cubo_nll has not improved since step 2 (4.0000)");
        // An exact value, where there is one, is better than both.
        assert_eq!(watch(5, &[("nll", 5.0), ("cubo_nll", 4.0)]), None);
    }
}
