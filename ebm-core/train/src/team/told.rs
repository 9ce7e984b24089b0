//! An error as one rank tells it to the others.

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::error::Origin;

/// An error without what only its own process can make use of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Told {
    NonFinite {
        step: u64,
        term: String,
        /// The bits of the value: JSON knows no NaN.
        value: u64,
        advice: String,
    },
    Other {
        origin: Origin,
        message: String,
    },
}

impl From<TrainError> for Told {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::NonFinite {
                step,
                term,
                value,
                advice,
                ..
            } => Self::NonFinite {
                step,
                term,
                value: value.to_bits(),
                advice,
            },
            other => Self::Other {
                origin: Origin::of(&other),
                message: other.to_string(),
            },
        }
    }
}

impl Told {
    /// The error to go by, the same on every rank: the first that ends the run for certain, or else the first.
    pub fn first(all: Vec<Option<Self>>, ranks: usize) -> Option<TrainError> {
        let told = || {
            all.iter()
                .enumerate()
                .filter_map(|(rank, told)| Some((rank, told.as_ref()?)))
        };
        let fatal = told().find(|(_, told)| matches!(told, Self::Other { .. }));
        let (rank, told) = fatal.or_else(|| told().next())?;
        Some(match told.clone() {
            Self::NonFinite {
                step,
                term,
                value,
                advice,
            } => TrainError::NonFinite {
                step,
                term: format!("{term} (process {} of {ranks})", rank + 1),
                value: f64::from_bits(value),
                restored: 0,
                advice,
            },
            Self::Other { origin, message } => TrainError::Elsewhere {
                rank,
                ranks,
                origin,
                message,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::error::ConfigError;

    fn not_finite(term: &str) -> Option<Told> {
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
    fn what_ends_the_run_for_certain_comes_before_what_may_not() {
        let wrong = TrainError::from(ConfigError::new("train.batch", 3, "4"));
        let all = vec![None, not_finite("E_pg[E]"), Some(wrong.into()), not_finite("log Z")];
        let error = Told::first(all.clone(), 4).unwrap();
        assert_eq!(error.to_string(), "process 3 of 4: train.batch = 3: expected 4");
        let error = Told::first(all[..2].to_vec(), 4).unwrap();
        assert!(
            error
                .to_string()
                .starts_with("step 3: E_pg[E] (process 2 of 4) is -inf."),
            "{error}"
        );
        assert!(Told::first(vec![None, None], 2).is_none());
    }
}
