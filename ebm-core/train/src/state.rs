//! Saving and restoring the state of a training.

use std::collections::BTreeMap;

use crate::data_parallel::{TransientStates, own_rows};
use crate::progress::{Mark, Progress, TrainingState};
use crate::{error::TrainError, optim::Optimizer, snapshot::Snapshot, trainer::Trainer};
use ebm_core::parameter::{Module, State};
use ebm_core::{error::StateError, geometry::Geometry};

/// Prefix of the names of the arrays that training can go back to.
const MARK: &str = "mark-";
/// The owner of the chains that negative samples are refined by.
const REFINE: &str = "refine";

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
        self.set_arrays(own)?;
        let strip = |(owner, state): (String, State)| (owner[MARK.len()..].to_string(), state);
        self.mark = progress.mark.map(|step| Mark { step, arrays: marked.into_iter().map(strip).collect() });
        self.players.at_step(progress.step);
        self.progress = progress;
        self.good = Snapshot::of(&self.players, self.progress.step);
        Ok(())
    }

    /// The modules that are trained, with their optimisers.
    fn trained(&self) -> impl Iterator<Item = ((&'static str, &dyn Module), &dyn Optimizer)> {
        self.players.modules().zip(self.optimizers.iter().map(|optimizer| &**optimizer))
    }

    /// Arrays by owner, with these transient states; owners that have none are left out.
    fn arrays(&self, transient: TransientStates) -> BTreeMap<String, State> {
        let optimizers = self.trained().map(|((name, module), of)| (optimizer_of(name), of.state(module)));
        let weights = self.states().into_iter().map(|(owner, state)| (owner.to_string(), state));
        weights.chain(optimizers).chain(transient).filter(|(_, state)| !state.is_empty()).collect()
    }

    /// The transient states of this rank's share.
    pub(crate) fn transient_states(&self) -> TransientStates {
        let of_modules = self.trained().map(|((name, module), _)| (transient_of(name), module.transient_state()));
        of_modules.chain(self.chains()).collect()
    }

    /// The chains of this rank, by their owner.
    fn chains(&self) -> Option<(String, State)> {
        Some((transient_of(REFINE), self.negatives.as_ref()?.chains()))
    }

    /// The transient states of the whole batch, put together from those of all ranks.
    fn joined_transient_states(&self) -> Result<TransientStates, TrainError> {
        let (batch, mut own) = (self.config.batch, self.transient_states());
        let chains = own.remove_entry(&transient_of(REFINE));
        let mut whole = self.ranks.whole_transient_states(own, batch)?;
        if let Some(chains) = chains {
            // Their rows are those of a part of the batch.
            let rows = self.config.refine.chains(batch);
            whole.extend(self.ranks.whole_transient_states(TransientStates::from([chains]), rows)?);
        }
        Ok(whole)
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
            self.transient = Some((self.progress.step, self.joined_transient_states()?));
        }
        Ok(())
    }

    pub(crate) fn set_arrays(&mut self, mut arrays: BTreeMap<String, State>) -> Result<(), StateError> {
        let (share, batch) = (self.ranks.share(), self.config.batch);
        let mut take = |owner: String| arrays.remove(&owner).unwrap_or_default();
        let mut optimizers = self.optimizers.iter_mut();
        for (name, module) in self.players.modules_mut() {
            module.load_state(&take(name.into()))?;
            // The averages, which come last, have neither.
            if let Some(optimizer) = optimizers.next() {
                optimizer.load_state(module, &take(optimizer_of(name)))?;
                module.restore_transient_state(&own_rows(take(transient_of(name)), share, batch))?;
            }
        }
        let (chains, rows) = (take(transient_of(REFINE)), self.config.refine.chains(batch));
        if let Some(negatives) = &mut self.negatives {
            negatives.restore(own_rows(chains, share, rows), share.of(rows))?;
        }
        arrays.into_keys().next().map_or(Ok(()), |name| Err(StateError::Unknown { name }))
    }

    /// Keeps the state as one to go back to, if its models give finite terms. Errs if the ranks cannot reach each other.
    pub(crate) fn set_mark(&mut self) -> Result<(), TrainError> {
        let verified = self.verify();
        match self.ranks.agree(verified) {
            Ok(()) => {
                self.mark = Some(self.marked(self.joined_transient_states()?));
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
