//! Saving and restoring the state of a training.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::data_parallel::{TransientStates, own_rows};
use crate::error::TrainError;
use crate::optim::Optimizer;
use crate::progress::{Mark, Progress, TrainingState};
use crate::snapshot::Snapshot;
use crate::trainer::Trainer;
use ebm_core::error::StateError;
use ebm_core::geometry::Geometry;
use ebm_core::parameter::{Module, State};

/// Prefix of the names of the arrays that training can go back to.
const MARK: &str = "mark-";

impl<G: Geometry> Trainer<G> {
    /// The state, once the models in it were seen to give finite terms.
    ///
    /// Where several processes train, each of them gives the state that one process would have: trainers of any number of
    /// processes can go on from it. The transient states of modules are part of it at the end of [`Trainer::run`], and in an
    /// observer's [`on_iteration`](crate::Observer::on_iteration) after an evaluation or where its
    /// [`saves`](crate::Observer::saves) asked for that; elsewhere they are left out, and warm starts begin anew.
    ///
    /// # Errors
    /// If the models do not give finite terms. The trainer stays as it was.
    pub fn state(&mut self) -> Result<TrainingState, TrainError> {
        self.verify()?;
        let mut arrays = self.arrays(self.whole_transient_states());
        if let Some(mark) = &self.mark {
            let marked = mark.arrays.iter();
            arrays.extend(marked.map(|(owner, state)| (format!("{MARK}{owner}"), state.clone())));
        }
        let progress = Progress { mark: self.mark.as_ref().map(|mark| mark.step), ..self.progress.clone() };
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
        self.mark = progress.mark.map(|step| Mark { step, arrays: marked.into_iter().map(strip).collect() });
        self.progress = progress;
        self.good = Snapshot::of(&self.players, self.progress.step);
        Ok(())
    }

    fn parts(&self) -> [(&'static str, &dyn Module, &dyn Optimizer); 4] {
        let (players, optimizers) = (&self.players, &self.optimizers);
        [
            ("energy", &*players.energy, &*optimizers.energy),
            ("generator", &*players.generator, &*optimizers.generator),
            ("lower", &*players.lower, &*optimizers.lower),
            ("upper", &*players.upper, &*optimizers.upper),
        ]
    }

    /// Arrays by owner, with these transient states; owners that have none are left out.
    fn arrays(&self, transient: TransientStates) -> BTreeMap<String, State> {
        let of_optimizer = |(name, module, optimizer): (&str, &dyn Module, &dyn Optimizer)| {
            (optimizer_of(name), optimizer.state(module))
        };
        let optimizers = self.parts().into_iter().map(of_optimizer);
        let weights = self.states().into_iter().map(|(owner, state)| (owner.to_string(), state));
        let all = weights.chain(optimizers).chain(transient);
        all.filter(|(_, state)| !state.is_empty()).collect()
    }

    /// The transient states of this rank's share.
    pub(crate) fn transient_states(&self) -> TransientStates {
        let parts = self.parts().into_iter();
        parts.map(|(name, module, _)| (transient_of(name), module.transient_state())).collect()
    }

    /// The transient states of the whole batch, as far as they are known here.
    fn whole_transient_states(&self) -> TransientStates {
        match &self.transient {
            _ if self.ranks.is_alone() => self.transient_states(),
            Some((step, states)) if *step == self.progress.step => states.clone(),
            _ => TransientStates::new(),
        }
    }

    /// Makes the transient states of the whole batch known to all ranks.
    pub(crate) fn gather_transient_states(&mut self) -> Result<(), TrainError> {
        if !self.ranks.is_alone() {
            let own = self.transient_states();
            let whole = self.ranks.whole_transient_states(own, self.config.batch)?;
            self.transient = Some((self.progress.step, whole));
        }
        Ok(())
    }

    pub(crate) fn set_arrays(&mut self, arrays: &BTreeMap<String, State>) -> Result<(), StateError> {
        let (share, batch) = (self.ranks.share(), self.config.batch);
        let (players, optimizers) = (&mut self.players, &mut self.optimizers);
        let mut given = Given { arrays, asked: Vec::new() };
        let parts: [(&str, &mut dyn Module, &mut dyn Optimizer); 4] = [
            ("energy", &mut *players.energy, &mut *optimizers.energy),
            ("generator", &mut *players.generator, &mut *optimizers.generator),
            ("lower", &mut *players.lower, &mut *optimizers.lower),
            ("upper", &mut *players.upper, &mut *optimizers.upper),
        ];
        for (name, module, optimizer) in parts {
            module.load_state(&given.of(name.into()))?;
            optimizer.load_state(module, &given.of(optimizer_of(name)))?;
            let transient = given.of(transient_of(name));
            module.restore_transient_state(&own_rows(&transient, share, batch))?;
        }
        if let Some(copy) = &mut players.energy_average {
            copy.load_state(&given.of("energy-average".into()))?;
        }
        if let Some(copy) = &mut players.generator_average {
            copy.load_state(&given.of("generator-average".into()))?;
        }
        given.all_asked_for()
    }

    /// Keeps the state as one to go back to, if its models give finite terms.
    ///
    /// # Errors
    /// If the ranks cannot reach each other.
    pub(crate) fn set_mark(&mut self) -> Result<(), TrainError> {
        let verified = self.verify();
        match self.ranks.agree(verified) {
            Ok(()) => {
                let own = self.transient_states();
                let whole = self.ranks.whole_transient_states(own, self.config.batch)?;
                self.mark = Some(self.marked(whole));
                Ok(())
            }
            Err(error @ TrainError::ProcessGroup(_)) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// The state to go back to, with these transient states of the whole batch.
    pub(crate) fn marked(&self, transient: TransientStates) -> Mark {
        Mark { step: self.progress.step, arrays: self.arrays(transient) }
    }
}

fn optimizer_of(player: &str) -> String {
    format!("{player}-optimizer")
}

/// The name that transient states have had in checkpoints from the start.
fn transient_of(player: &str) -> String {
    format!("{player}-memory")
}

/// Hands out arrays by owner, and keeps the owners that were asked for.
struct Given<'a> {
    arrays: &'a BTreeMap<String, State>,
    asked: Vec<String>,
}

impl<'a> Given<'a> {
    /// The arrays of an owner; empty for an unknown owner.
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
