use crate::non_finite::{Fault, NonFinitePolicy, Remedy};
use crate::{error::TrainError, negatives::Negatives, snapshot::Snapshot, trainer::Trainer};
use ebm_core::geometry::Geometry;

impl<G: Geometry> Trainer<G> {
    /// Applies the policy of the configuration to an iteration that failed; `before` are the models that it started from. Gives
    /// the error back if the run is to end: the models are then the last that were seen to give finite terms.
    pub(crate) fn recover(&mut self, error: TrainError, before: Snapshot) -> Result<Fault, TrainError> {
        let TrainError::NonFinite { step, term, value, .. } = &error else {
            return Err(error);
        };
        let (step, reason) = (*step, format!("{term} is {value}"));
        let remedy = match self.config.non_finite {
            NonFinitePolicy::Skip(skip) if self.progress.skipped < skip.limit => Some(self.skip(&before)),
            NonFinitePolicy::Rollback(rollback) if self.progress.rollbacks < rollback.limit => self.roll_back()?,
            _ => None,
        };
        match remedy {
            Some(remedy) => Ok(Fault { step, reason, remedy }),
            None => Err(self.undo(error, Some(before))),
        }
    }

    fn skip(&mut self, before: &Snapshot) -> Remedy {
        before.restore(&mut self.players);
        self.optimizers.iter_mut().for_each(|optimizer| optimizer.undo());
        self.negatives.iter_mut().for_each(Negatives::undo);
        self.set_step(self.progress.step + 1);
        self.progress.skipped += 1;
        Remedy::Skipped { in_a_row: self.progress.skipped }
    }

    fn roll_back(&mut self) -> Result<Option<Remedy>, TrainError> {
        let Some(mark) = self.mark.take() else {
            return Ok(None);
        };
        self.set_arrays(mark.arrays.clone()).map_err(|e| TrainError::Observer(e.into()))?;
        self.set_step(mark.step);
        self.progress.skipped = 0;
        self.progress.rollbacks += 1;
        self.good = Snapshot::of(&self.players, mark.step);
        let remedy = Remedy::RolledBack { to: mark.step, times: self.progress.rollbacks };
        self.mark = Some(mark);
        Ok(Some(remedy))
    }

    /// After a term that is not finite, goes back to the models `before` if those are good, else to the last that were.
    pub(crate) fn undo(&mut self, mut error: TrainError, before: Option<Snapshot>) -> TrainError {
        if let TrainError::NonFinite { restored, .. } = &mut error {
            let good = before.is_some_and(|before| {
                before.restore(&mut self.players);
                self.set_step(before.step);
                self.optimizers.iter_mut().for_each(|optimizer| optimizer.undo());
                self.negatives.iter_mut().for_each(Negatives::undo);
                self.verify().is_ok()
            });
            if !good {
                self.good.clone().restore(&mut self.players);
                self.set_step(self.good.step);
                // Their states have seen the bad models.
                self.optimizers = self.players.optimizers(&self.config);
                self.negatives.iter_mut().for_each(Negatives::clear);
            }
            *restored = self.progress.step;
        }
        error
    }
}
