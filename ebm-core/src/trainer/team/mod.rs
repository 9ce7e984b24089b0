//! The processes that train together, as the trainer sees them.
//!
//! Every rank has all of the models, and the same. It evaluates the terms on its share of a batch; gradients are averaged,
//! and each rank takes the same step. What one rank meets, an error or a wish to stop, all of them act on: whatever can differ
//! from rank to rank goes through [`Team::agree`] before anything depends on it.

mod decision;
mod memory;
mod pool;
mod told;

use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

use super::{Flow, TrainError};
use crate::collective::{Alone, Collective, CollectiveError, Share};
use crate::device::Real;
use crate::optim::Gradient;
use crate::parameter::Module;
use told::Told;

pub(super) use decision::Decision;
pub(super) use memory::{Memories, own_rows};

/// This rank among the others.
#[derive(Clone)]
pub(super) struct Team {
    collective: Arc<dyn Collective>,
    share: Share,
}

impl Default for Team {
    fn default() -> Self {
        Self::new(Arc::new(Alone))
    }
}

impl Team {
    pub fn new(collective: Arc<dyn Collective>) -> Self {
        let share = Share::new(collective.rank(), collective.ranks());
        Self { collective, share }
    }

    /// The part of a batch that this rank has.
    pub fn share(&self) -> Share {
        self.share
    }

    pub fn is_alone(&self) -> bool {
        self.share.is_all()
    }

    /// What was found, if every rank found something; else the error that all of them go by.
    pub fn agree<T>(&self, own: Result<T, TrainError>) -> Result<T, TrainError> {
        if self.is_alone() {
            return own;
        }
        let mut failed = [Real::from(u8::from(own.is_err()))];
        self.collective.sum(&mut failed)?;
        match failed[0] > 0.0 {
            false => own,
            true => Err(self.common(own.err())?),
        }
    }

    /// The error that all ranks go by, of those of them that have one.
    fn common(&self, own: Option<TrainError>) -> Result<TrainError, TrainError> {
        let told = self.exchange(&own.map(Told::from))?;
        Told::first(told, self.share.ranks()).ok_or_else(|| self.out_of_step("an error that nobody has").into())
    }

    /// The mean over the ranks of each module's gradient, of which `lengths` are the numbers of values.
    ///
    /// Whether a rank has none travels with them. The sums are formed on the host.
    pub fn average<const N: usize>(
        &self,
        own: Result<[Gradient; N], TrainError>,
        lengths: [Vec<usize>; N],
    ) -> Result<[Gradient; N], TrainError> {
        if self.is_alone() {
            return own;
        }
        let total: usize = lengths.iter().flatten().sum();
        let mut values = Vec::with_capacity(1 + total);
        values.push(Real::from(u8::from(own.is_err())));
        match &own {
            Ok(gradients) => values.extend(gradients.iter().flat_map(Gradient::to_host).flatten()),
            Err(_) => values.resize(1 + total, 0.0),
        }
        if values.len() != 1 + total {
            return Err(self.out_of_step("a gradient of another length").into());
        }
        self.collective.sum(&mut values)?;
        if values[0] > 0.0 {
            return Err(self.common(own.err())?);
        }
        let share = 1.0 / self.share.ranks() as Real;
        let mut sums = values[1..].iter().map(|sum| sum * share);
        Ok(lengths.map(|lengths| {
            let take = |length| sums.by_ref().take(length).collect();
            let arrays: Vec<Vec<Real>> = lengths.into_iter().map(take).collect();
            Gradient::from_host(&arrays)
        }))
    }

    /// The values of what a module has beside its trained parameters, for [`Team::level`].
    pub fn beside(&self, module: &dyn Module) -> Vec<Vec<Real>> {
        let fixed = module.parameters().into_iter().filter(|p| !p.is_trained());
        match self.is_alone() {
            true => Vec::new(),
            false => fixed.map(|p| p.values()).collect(),
        }
    }

    /// Gives all ranks the mean of what a step did to what a module has beside its trained parameters, such as running
    /// statistics of its batches. What no rank changed stays as it is, to the last bit.
    pub fn level(&self, module: &mut dyn Module, before: &[Vec<Real>]) -> Result<(), TrainError> {
        if before.is_empty() {
            return Ok(());
        }
        let fixed = || module.parameters().into_iter().filter(|p| !p.is_trained());
        let mut changes: Vec<Real> = Vec::new();
        for (parameter, before) in fixed().zip(before) {
            changes.extend(parameter.values().iter().zip(before).map(|(now, before)| now - before));
        }
        self.collective.sum(&mut changes)?;
        let share = 1.0 / self.share.ranks() as Real;
        let mut changes = changes.into_iter();
        let fixed = module.parameters_mut().into_iter().filter(|p| !p.is_trained());
        for (parameter, before) in fixed.zip(before) {
            let values: Vec<Real> = before
                .iter()
                .zip(&mut changes)
                .map(|(v, change)| v + share * change)
                .collect();
            parameter.set(&values);
        }
        Ok(())
    }

    /// What rank 0 found.
    fn of_first<T: Serialize + DeserializeOwned>(&self, own: Result<T, TrainError>) -> Result<T, TrainError> {
        let own = self.agree(own)?;
        let bytes = self.collective.broadcast(&self.encoded(&own)?)?;
        Ok(self.decoded(&bytes)?)
    }

    /// What every rank has, in their order.
    fn exchange<T: Serialize + DeserializeOwned>(&self, own: &T) -> Result<Vec<T>, CollectiveError> {
        let all = self.collective.gather(&self.encoded(own)?)?;
        all.iter().map(|bytes| self.decoded(bytes)).collect()
    }

    fn encoded<T: Serialize>(&self, value: &T) -> Result<Vec<u8>, CollectiveError> {
        serde_json::to_vec(value).map_err(|error| self.out_of_step(error))
    }

    fn decoded<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CollectiveError> {
        serde_json::from_slice(bytes).map_err(|error| self.out_of_step(error))
    }

    fn out_of_step(&self, reason: impl ToString) -> CollectiveError {
        CollectiveError::OutOfStep {
            rank: self.share.rank(),
            reason: reason.to_string(),
        }
    }
}
