//! The ranks' common decision after an iteration.

use serde::{Deserialize, Serialize};

use super::ranks::Ranks;
use crate::{error::TrainError, outcome::Flow};

/// The wishes of one rank, or of all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub flow: Flow,
    /// The time is up.
    pub out_of_time: bool,
    /// An observer is about to ask for the whole state.
    pub saves: bool,
}

impl From<Flow> for Decision {
    fn from(flow: Flow) -> Self {
        Self { flow, ..Self::default() }
    }
}

impl Decision {
    fn and(mut self, other: Self) -> Self {
        self.flow.merge(other.flow);
        self.out_of_time |= other.out_of_time;
        self.saves |= other.saves;
        self
    }
}

impl Ranks {
    /// The decision of all ranks, from the wishes of each.
    pub fn decide(&self, own: Result<Decision, TrainError>) -> Result<Decision, TrainError> {
        if self.is_alone() {
            return own;
        }
        let calm = own.as_ref().is_ok_and(|own| *own == Decision::default());
        if !self.any(!calm)? {
            return Ok(Decision::default());
        }
        Ok(self.exchange(&self.agree(own)?)?.into_iter().fold(Decision::default(), Decision::and))
    }
}
