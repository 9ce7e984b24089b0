//! Everything that the next iterations depend on.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::best::Best;
use super::snapshot::Snapshot;
use super::{TrainError, Trainer};
use crate::error::StateError;
use crate::geometry::Geometry;
use crate::optim::Adam;
use crate::parameter::{Module, State};

/// Put before the names of the arrays that training can go back to.
const MARK: &str = "mark-";

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Iterations done.
    pub step: u64,
    /// Iterations left out in a row because a term was not finite.
    pub skipped: u64,
    /// How often training went back to an earlier state.
    pub rollbacks: u64,
    /// Iterations that the state to go back to had done, if there is one.
    pub mark: Option<u64>,
    pub(super) best: Best,
}

/// Everything that the next iterations depend on: a trainer of the same configuration, data and seed that is given it goes
/// on exactly as the one that it is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingState {
    /// How far the run is.
    pub progress: Progress,
    /// Arrays by owner: players, averages, optimisers, what bounds remember.
    pub arrays: BTreeMap<String, State>,
}

/// A state to go back to.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub step: u64,
    pub arrays: BTreeMap<String, State>,
}

impl<G: Geometry> Trainer<G> {
    /// The state, once the models in it were seen to give finite terms.
    ///
    /// # Errors
    /// If they do not. The trainer is as it was.
    pub fn state(&mut self) -> Result<TrainingState, TrainError> {
        self.verify()?;
        let mut arrays = self.arrays();
        if let Some(mark) = &self.mark {
            let marked = mark.arrays.iter();
            arrays.extend(marked.map(|(owner, state)| (format!("{MARK}{owner}"), state.clone())));
        }
        let progress = Progress {
            mark: self.mark.as_ref().map(|mark| mark.step),
            ..self.progress.clone()
        };
        Ok(TrainingState { progress, arrays })
    }

    /// Takes over the state of another trainer of the same configuration, data and seed.
    ///
    /// # Errors
    /// If an array is missing, unknown, or of another shape. The trainer is to be discarded then.
    pub fn resume(&mut self, state: TrainingState) -> Result<(), StateError> {
        let TrainingState { progress, arrays } = state;
        let (marked, own): (BTreeMap<_, _>, _) = arrays.into_iter().partition(|(owner, _)| owner.starts_with(MARK));
        self.set_arrays(&own)?;
        let strip = |(owner, state): (String, State)| (owner[MARK.len()..].to_string(), state);
        self.mark = progress.mark.map(|step| Mark {
            step,
            arrays: marked.into_iter().map(strip).collect(),
        });
        self.progress = progress;
        self.good = Snapshot::of(&self.players, self.progress.step);
        Ok(())
    }

    /// Arrays by owner; owners that have none are left out.
    fn arrays(&self) -> BTreeMap<String, State> {
        let (players, optimizers) = (&self.players, &self.optimizers);
        let parts: [(&str, &dyn Module, &Adam); 4] = [
            ("energy", &*players.energy, &optimizers.energy),
            ("generator", &*players.generator, &optimizers.generator),
            ("lower", &*players.lower, &optimizers.lower),
            ("upper", &*players.upper, &optimizers.upper),
        ];
        let beside = parts.into_iter().flat_map(|(name, module, optimizer)| {
            [
                (optimizer_of(name), optimizer.state(module)),
                (memory_of(name), module.memory()),
            ]
        });
        let weights = self
            .states()
            .into_iter()
            .map(|(owner, state)| (owner.to_string(), state));
        weights.chain(beside).filter(|(_, state)| !state.is_empty()).collect()
    }

    pub(super) fn set_arrays(&mut self, arrays: &BTreeMap<String, State>) -> Result<(), StateError> {
        let (players, optimizers) = (&mut self.players, &mut self.optimizers);
        let mut given = Given {
            arrays,
            asked: Vec::new(),
        };
        let parts: [(&str, &mut dyn Module, &mut Adam); 4] = [
            ("energy", &mut *players.energy, &mut optimizers.energy),
            ("generator", &mut *players.generator, &mut optimizers.generator),
            ("lower", &mut *players.lower, &mut optimizers.lower),
            ("upper", &mut *players.upper, &mut optimizers.upper),
        ];
        for (name, module, optimizer) in parts {
            module.load_state(&given.of(name.into()))?;
            optimizer.load_state(module, &given.of(optimizer_of(name)))?;
            module.remember(&given.of(memory_of(name)))?;
        }
        if let Some(copy) = &mut players.energy_average {
            copy.load_state(&given.of("energy-average".into()))?;
        }
        if let Some(copy) = &mut players.generator_average {
            copy.load_state(&given.of("generator-average".into()))?;
        }
        given.all_asked_for()
    }

    /// Remembers the state as one to go back to, if its models give finite terms.
    pub(super) fn set_mark(&mut self) {
        if self.verify().is_ok() {
            self.mark = Some(Mark {
                step: self.progress.step,
                arrays: self.arrays(),
            });
        }
    }
}

fn optimizer_of(player: &str) -> String {
    format!("{player}-optimizer")
}

fn memory_of(player: &str) -> String {
    format!("{player}-memory")
}

/// Arrays that are given out, and the owners that were asked for.
struct Given<'a> {
    arrays: &'a BTreeMap<String, State>,
    asked: Vec<String>,
}

impl<'a> Given<'a> {
    /// The arrays of an owner; none for one that is not there.
    fn of(&mut self, owner: String) -> Cow<'a, State> {
        let found = self.arrays.get(&owner).map(Cow::Borrowed).unwrap_or_default();
        self.asked.push(owner);
        found
    }

    /// Refuses arrays of an owner that nobody asked for.
    fn all_asked_for(self) -> Result<(), StateError> {
        match self.arrays.keys().find(|owner| !self.asked.contains(owner)) {
            None => Ok(()),
            Some(owner) => Err(StateError::Unknown { name: owner.clone() }),
        }
    }
}
