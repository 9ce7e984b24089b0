//! Everything that the next iterations depend on.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::best::Best;
use super::snapshot::Snapshot;
use super::team::{Memories, own_rows};
use super::{TrainError, Trainer};
use crate::optim::Adam;
use ebm_core::error::StateError;
use ebm_core::geometry::Geometry;
use ebm_core::parameter::{Module, State};

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
    /// Where several processes train, any of them may be asked, and says what one process would: trainers of any number of
    /// processes can go on from it. What modules remember of each sample is part of it at the end of [`Trainer::run`], and in an
    /// observer's [`on_iteration`](super::Observer::on_iteration) after an evaluation or where its
    /// [`saves`](super::Observer::saves) asked for that; elsewhere it is left out, and warm starts begin anew.
    ///
    /// # Errors
    /// If they do not. The trainer is as it was.
    pub fn state(&mut self) -> Result<TrainingState, TrainError> {
        self.verify()?;
        let mut arrays = self.arrays(self.whole_memories());
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

    fn parts(&self) -> [(&'static str, &dyn Module, &Adam); 4] {
        let (players, optimizers) = (&self.players, &self.optimizers);
        [
            ("energy", &*players.energy, &optimizers.energy),
            ("generator", &*players.generator, &optimizers.generator),
            ("lower", &*players.lower, &optimizers.lower),
            ("upper", &*players.upper, &optimizers.upper),
        ]
    }

    /// Arrays by owner, with these memories; owners that have none are left out.
    fn arrays(&self, memories: Memories) -> BTreeMap<String, State> {
        let of_optimizer =
            |(name, module, optimizer): (&str, &dyn Module, &Adam)| (optimizer_of(name), optimizer.state(module));
        let optimizers = self.parts().into_iter().map(of_optimizer);
        let weights = self
            .states()
            .into_iter()
            .map(|(owner, state)| (owner.to_string(), state));
        let all = weights.chain(optimizers).chain(memories);
        all.filter(|(_, state)| !state.is_empty()).collect()
    }

    /// What modules remember of this rank's share.
    pub(super) fn memories(&self) -> Memories {
        let parts = self.parts().into_iter();
        parts
            .map(|(name, module, _)| (memory_of(name), module.memory()))
            .collect()
    }

    /// What modules remember of the whole batch, as far as it is known here.
    fn whole_memories(&self) -> Memories {
        match &self.memories {
            _ if self.team.is_alone() => self.memories(),
            Some((step, memories)) if *step == self.progress.step => memories.clone(),
            _ => Memories::new(),
        }
    }

    /// Makes what modules remember of the whole batch known to all ranks.
    pub(super) fn put_memories_together(&mut self) -> Result<(), TrainError> {
        if !self.team.is_alone() {
            let whole = self.team.whole_memories(self.memories(), self.config.batch)?;
            self.memories = Some((self.progress.step, whole));
        }
        Ok(())
    }

    pub(super) fn set_arrays(&mut self, arrays: &BTreeMap<String, State>) -> Result<(), StateError> {
        let (share, batch) = (self.team.share(), self.config.batch);
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
            let memory = given.of(memory_of(name));
            module.remember(&own_rows(&memory, share, batch))?;
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
    ///
    /// # Errors
    /// If the ranks cannot reach each other.
    pub(super) fn set_mark(&mut self) -> Result<(), TrainError> {
        let verified = self.verify();
        match self.team.agree(verified) {
            Ok(()) => {
                let memories = self.team.whole_memories(self.memories(), self.config.batch)?;
                self.mark = Some(self.marked(memories));
                Ok(())
            }
            Err(error @ TrainError::Collective(_)) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// The state to go back to, with these memories of the whole batch.
    pub(super) fn marked(&self, memories: Memories) -> Mark {
        Mark {
            step: self.progress.step,
            arrays: self.arrays(memories),
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
