use serde::{Deserialize, Serialize};

use crate::error::{Origin, TrainError};

/// An error without the parts that only its own process can make use of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum RemoteError {
    NonFinite { step: u64, term: String, value: f64, advice: String },
    Other { origin: Origin, message: String },
}

impl From<TrainError> for RemoteError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::NonFinite { step, term, value, advice, .. } => Self::NonFinite { step, term, value, advice },
            other => Self::Other { origin: Origin::of(&other), message: other.to_string() },
        }
    }
}

impl RemoteError {
    /// The error that all ranks report: the first that ends the run for certain, or else the first.
    pub fn first(all: Vec<Option<Self>>, ranks: usize) -> Option<TrainError> {
        let met = all.into_iter().enumerate().filter_map(|(rank, error)| Some((rank, error?)));
        let (rank, error) = met.min_by_key(|(_, error)| matches!(error, Self::NonFinite { .. }))?;
        Some(match error {
            Self::NonFinite { step, term, value, advice } => TrainError::NonFinite {
                step,
                term: format!("{term} (process {} of {ranks})", rank + 1),
                value,
                restored: 0,
                advice,
            },
            Self::Other { origin, message } => TrainError::Elsewhere { rank, ranks, origin, message },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::error::ConfigError;

    fn not_finite(term: &str) -> Option<RemoteError> {
        let error = TrainError::NonFinite {
            step: 3,
            term: term.into(),
            value: f64::NEG_INFINITY,
            restored: 0,
            advice: "Stop.".into(),
        };
        Some(error.into())
    }

    #[test]
    fn an_error_that_ends_the_run_for_certain_comes_before_one_that_may_not() {
        let wrong = TrainError::from(ConfigError::new("train.batch", 3, "4"));
        let all = vec![None, not_finite("E_pg[E]"), Some(wrong.into()), not_finite("log Z")];
        let error = RemoteError::first(all.clone(), 4).unwrap();
        assert_eq!(error.to_string(), "process 3 of 4: train.batch = 3: expected 4");
        let error = RemoteError::first(all[..2].to_vec(), 4).unwrap().to_string();
        assert!(error.starts_with("step 3: E_pg[E] (process 2 of 4) is -inf."), "{error}");
        assert!(RemoteError::first(vec![None, None], 2).is_none());
    }
}
