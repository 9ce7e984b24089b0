//! Everything that the next iterations depend on.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::best::Best;
use super::snapshot::Snapshot;
use super::{TrainError, Trainer};
use crate::error::StateError;
use crate::geometry::Geometry;
use crate::parameter::State;

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
        let optimizers = [
            ("energy-optimizer", optimizers.energy.state(&*players.energy)),
            ("generator-optimizer", optimizers.generator.state(&*players.generator)),
            ("lower-optimizer", optimizers.lower.state(&*players.lower)),
            ("upper-optimizer", optimizers.upper.state(&*players.upper)),
        ];
        let memories = [
            ("energy-memory", players.energy.memory()),
            ("generator-memory", players.generator.memory()),
            ("lower-memory", players.lower.memory()),
            ("upper-memory", players.upper.memory()),
        ];
        let all = self.states().into_iter().chain(optimizers).chain(memories);
        let all = all.filter(|(_, state)| !state.is_empty());
        all.map(|(owner, state)| (owner.to_string(), state)).collect()
    }

    pub(super) fn set_arrays(&mut self, arrays: &BTreeMap<String, State>) -> Result<(), StateError> {
        let none = State::new();
        let of = |owner: &str| arrays.get(owner).unwrap_or(&none);
        let (players, optimizers) = (&mut self.players, &mut self.optimizers);
        let mut known = vec![
            "energy",
            "generator",
            "lower",
            "upper",
            "energy-optimizer",
            "generator-optimizer",
            "lower-optimizer",
            "upper-optimizer",
            "energy-memory",
            "generator-memory",
            "lower-memory",
            "upper-memory",
        ];
        players.energy.load_state(of("energy"))?;
        players.generator.load_state(of("generator"))?;
        players.lower.load_state(of("lower"))?;
        players.upper.load_state(of("upper"))?;
        if let Some(copy) = &mut players.energy_average {
            copy.load_state(of("energy-average"))?;
            known.push("energy-average");
        }
        if let Some(copy) = &mut players.generator_average {
            copy.load_state(of("generator-average"))?;
            known.push("generator-average");
        }
        optimizers.energy.load_state(&*players.energy, of("energy-optimizer"))?;
        optimizers
            .generator
            .load_state(&*players.generator, of("generator-optimizer"))?;
        optimizers.lower.load_state(&*players.lower, of("lower-optimizer"))?;
        optimizers.upper.load_state(&*players.upper, of("upper-optimizer"))?;
        players.energy.remember(of("energy-memory"))?;
        players.generator.remember(of("generator-memory"))?;
        players.lower.remember(of("lower-memory"))?;
        players.upper.remember(of("upper-memory"))?;
        match arrays.keys().find(|owner| !known.contains(&owner.as_str())) {
            None => Ok(()),
            Some(owner) => Err(StateError::Unknown { name: owner.clone() }),
        }
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
