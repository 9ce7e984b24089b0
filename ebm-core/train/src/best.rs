//! The best value of the watched metric.

use serde::{Deserialize, Serialize};

use super::{Evaluation, StopConfig, StopReason};
use ebm_core::error::ConfigError;

/// The best value of the watched metric, and how long ago it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    value: Option<(f64, u64)>,
    /// Evaluations since.
    since: u64,
}

impl Best {
    /// Says when the metric has been worse than its best for too long.
    pub fn watch(
        &mut self,
        stop: &StopConfig,
        evaluation: &Evaluation,
        step: u64,
    ) -> Result<Option<StopReason>, ConfigError> {
        if stop.patience == 0 {
            return Ok(None);
        }
        let Some(found) = evaluation.get(&stop.metric) else {
            let known: Vec<&str> = evaluation.keys().map(String::as_str).collect();
            let expected = format!("one of the evaluation's metrics: {}", known.join(", "));
            return Err(ConfigError::new("train.stop.metric", &stop.metric, expected));
        };
        match self.value {
            Some((best, _)) if found.value >= best => self.since += 1,
            _ if !found.value.is_finite() => self.since += 1,
            _ => {
                self.value = Some((found.value, step));
                self.since = 0;
            }
        }
        let (best, at) = self.value.unwrap_or((f64::NAN, step));
        Ok((self.since >= stop.patience).then(|| StopReason::NoImprovement {
            metric: stop.metric.clone(),
            best,
            step: at,
        }))
    }
}
