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
use crate::collective::{Alone, Collective, CollectiveError, message};
use crate::optim::{Gradient, Joined};
use ebm_core::device::Real;
use ebm_core::parameter::Module;
use ebm_core::random::Share;
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
    /// Whether a rank has none travels with them, in front: that is all of the sums that is read on the host. Where they are formed
    /// is for the [`Collective`] to say.
    pub fn average<const N: usize>(
        &self,
        own: Result<[Gradient; N], TrainError>,
        lengths: [Vec<usize>; N],
    ) -> Result<[Gradient; N], TrainError> {
        if self.is_alone() {
            return own;
        }
        let total: usize = lengths.iter().flatten().sum();
        let mut sums = match &own {
            Ok(gradients) => Joined::new(0.0, gradients),
            Err(_) => Joined::new(1.0, &[Gradient::zeros(total)]),
        };
        if sums.len() != total {
            return Err(self.out_of_step("a gradient of another length").into());
        }
        sums.sum(&*self.collective)?;
        if sums.mark() > 0.0 {
            return Err(self.common(own.err())?);
        }
        Ok(sums.split(lengths, 1.0 / self.share.ranks() as Real))
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
        Ok(message::broadcast(&*self.collective, &own)?)
    }

    /// What every rank has, in their order.
    fn exchange<T: Serialize + DeserializeOwned>(&self, own: &T) -> Result<Vec<T>, CollectiveError> {
        message::gather(&*self.collective, own)
    }

    fn out_of_step(&self, reason: impl ToString) -> CollectiveError {
        CollectiveError::out_of_step(&*self.collective, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collective::Threads;
    use dfdx::prelude::*;
    use ebm_core::device::{Vector, device, values};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Ranks that add up tensors where they are, as GPUs do, and remember how much was added up on the host.
    struct OnDevice {
        threads: Threads,
        tensors: AtomicUsize,
        longest: AtomicUsize,
    }

    impl Collective for OnDevice {
        fn rank(&self) -> usize {
            self.threads.rank()
        }
        fn ranks(&self) -> usize {
            self.threads.ranks()
        }
        fn sum(&self, values: &mut [Real]) -> Result<(), CollectiveError> {
            self.longest.fetch_max(values.len(), Ordering::Relaxed);
            self.threads.sum(values)
        }
        fn sum_tensor(&self, tensor: &mut Vector) -> Result<(), CollectiveError> {
            self.tensors.fetch_add(1, Ordering::Relaxed);
            let own: Vec<u8> = values(tensor).iter().flat_map(|v| v.to_le_bytes()).collect();
            let given = self.threads.gather(&own)?;
            let given = given.iter().map(|bytes| {
                let values: Vec<Real> = bytes.as_chunks().0.iter().map(|b| Real::from_le_bytes(*b)).collect();
                let length = values.len();
                device().tensor_from_vec(values, (length,))
            });
            *tensor = given.reduce(|sum, other| sum + other).unwrap();
            Ok(())
        }
        fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError> {
            self.threads.gather(own)
        }
    }

    fn on_each<T: Send>(ranks: usize, work: impl Fn(Arc<OnDevice>) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let work = &work;
            let start = |threads| {
                let rank = OnDevice {
                    threads,
                    tensors: AtomicUsize::new(0),
                    longest: AtomicUsize::new(0),
                };
                scope.spawn(move || work(Arc::new(rank)))
            };
            let threads: Vec<_> = Threads::group(ranks).into_iter().map(start).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    const LENGTHS: [&[usize]; 2] = [&[20, 0, 3], &[2]];

    /// Rank r has the gradient r + i / 8 at place i.
    fn gradients(rank: usize) -> [Gradient; 2] {
        let mut place = 0;
        LENGTHS.map(|lengths| {
            let arrays = lengths.iter().map(|&length| {
                let array = (place..place + length).map(|i| rank as Real + i as Real / 8.0);
                place += length;
                array.collect()
            });
            Gradient::from_host(&arrays.collect::<Vec<Vec<Real>>>())
        })
    }

    #[test]
    fn gradients_are_averaged_where_they_are() {
        let means = on_each(4, |rank| {
            let team = Team::new(rank.clone());
            let lengths = LENGTHS.map(<[usize]>::to_vec);
            let means = team.average(Ok(gradients(rank.rank())), lengths).unwrap();
            let (tensors, longest) = (
                rank.tensors.load(Ordering::Relaxed),
                rank.longest.load(Ordering::Relaxed),
            );
            // One sum for all of it, with whether a rank has no gradients.
            match ebm_kernels::update::ON_DEVICE {
                true => assert_eq!((tensors, longest), (1, 0)),
                false => assert_eq!((tensors, longest), (0, 26)),
            }
            means.map(|gradient| gradient.to_host())
        });
        for [first, second] in means {
            // The mean of 0, 1, 2 and 3 is 3/2: all numbers here are exact.
            let truth = |places: std::ops::Range<usize>| places.map(|i| 1.5 + i as Real / 8.0).collect::<Vec<_>>();
            assert_eq!(first, [truth(0..20), truth(20..20), truth(20..23)]);
            assert_eq!(second, [truth(23..25)]);
        }
    }

    #[test]
    fn a_rank_without_gradients_takes_those_of_the_others_away() {
        let told = on_each(3, |rank| {
            let own = match rank.rank() {
                1 => Err(TrainError::Observer("the disk is full".into())),
                other => Ok(gradients(other)),
            };
            let lengths = LENGTHS.map(<[usize]>::to_vec);
            Team::new(rank).average(own, lengths).map(|_| ()).unwrap_err()
        });
        for error in told {
            assert_eq!(error.to_string(), "process 2 of 3: the disk is full");
        }
    }
}
