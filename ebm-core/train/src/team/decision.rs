//! What the ranks do after an iteration.

use serde::{Deserialize, Serialize};

use super::{Flow, Team, TrainError};
use ebm_core::device::Real;

/// What a rank wants, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub flow: Flow,
    /// The time is up.
    pub out_of_time: bool,
    /// Somebody is about to ask for the whole state.
    pub saves: bool,
}

impl From<Flow> for Decision {
    fn from(flow: Flow) -> Self {
        Self {
            flow,
            ..Self::default()
        }
    }
}

impl Decision {
    /// With what another one wants, too.
    fn and(mut self, other: Self) -> Self {
        self.flow.merge(other.flow);
        self.out_of_time |= other.out_of_time;
        self.saves |= other.saves;
        self
    }
}

impl Team {
    /// What all ranks do, from what each of them wants.
    pub fn decide(&self, own: Result<Decision, TrainError>) -> Result<Decision, TrainError> {
        if self.is_alone() {
            return own;
        }
        let calm = own.as_ref().is_ok_and(|own| *own == Decision::default());
        let mut events = [Real::from(u8::from(!calm))];
        self.collective.sum(&mut events)?;
        if events[0] == 0.0 {
            return Ok(Decision::default());
        }
        let all = self.exchange(&self.agree(own)?)?;
        Ok(all.into_iter().fold(Decision::default(), Decision::and))
    }
}
