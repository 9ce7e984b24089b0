use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

use super::remote_error::RemoteError;
use crate::process_group::{self, Alone, ProcessGroup, ProcessGroupError};
use crate::report::{Evaluation, StepReport};
use crate::{error::TrainError, optim::Gradient};
use ebm_core::buffers::native::{from_host, len};
use ebm_core::{device::Real, parameter::Module, random::Share};
use ebm_kernels::update;

/// This rank among the others.
#[derive(Clone)]
pub(crate) struct Ranks {
    group: Arc<dyn ProcessGroup>,
    share: Share,
}

impl Default for Ranks {
    fn default() -> Self {
        Self::new(Arc::new(Alone))
    }
}

impl Ranks {
    pub fn new(group: Arc<dyn ProcessGroup>) -> Self {
        let share = Share::new(group.rank(), group.ranks());
        Self { group, share }
    }

    /// The part of a batch that this rank has.
    pub fn share(&self) -> Share {
        self.share
    }

    pub fn is_alone(&self) -> bool {
        self.share.is_all()
    }

    /// The rank's own result, if no rank has an error; else the error that all ranks report.
    pub fn agree<T>(&self, own: Result<T, TrainError>) -> Result<T, TrainError> {
        if self.is_alone() {
            return own;
        }
        if self.any(own.is_err())? { Err(self.common(own.err())?) } else { own }
    }

    /// Whether something is so on any rank, told by a single number.
    pub(super) fn any(&self, own: bool) -> Result<bool, ProcessGroupError> {
        let mut count = [Real::from(u8::from(own))];
        self.group.sum(&mut count)?;
        Ok(count[0] > 0.0)
    }

    /// Returns the error that all ranks report, chosen from those of the ranks that failed.
    fn common(&self, own: Option<TrainError>) -> Result<TrainError, TrainError> {
        let all = self.exchange(&own.map(RemoteError::from))?;
        RemoteError::first(all, self.share.ranks()).ok_or_else(|| self.out_of_step("an error that nobody has").into())
    }

    /// The mean over the ranks of each module's gradient; `lengths` are the numbers of values of the gradients.
    ///
    /// A flag in front of the sum says whether a rank has none: nothing else of the sum is read on the host.
    pub fn average<const N: usize>(
        &self,
        own: Result<[Gradient; N], TrainError>,
        lengths: [Vec<usize>; N],
    ) -> Result<[Gradient; N], TrainError> {
        if self.is_alone() {
            return own;
        }
        let lengths_of_all: Vec<usize> = lengths.iter().flatten().copied().collect();
        let total: usize = lengths_of_all.iter().sum();
        let zeros;
        let (flag, arrays) = match &own {
            Ok(gradients) => (0.0, gradients.iter().flat_map(Gradient::arrays).collect()),
            Err(_) => {
                zeros = from_host(vec![0.0; total]);
                (1.0, vec![&zeros])
            }
        };
        if arrays.iter().map(|array| len(array)).sum::<usize>() != total {
            return Err(self.out_of_step("a gradient of another length").into());
        }
        let mut row = update::row(flag, &arrays);
        update::exchange(&mut row, |row| self.group.sum(row), |row| self.group.sum_tensor(row))?;
        if update::first(&row) > 0.0 {
            return Err(self.common(own.err())?);
        }
        let mut parts = update::parts(&row, &lengths_of_all, 1.0 / self.share.ranks() as Real).into_iter();
        Ok(lengths.map(|lengths| parts.by_ref().take(lengths.len()).collect()))
    }

    /// The values of a module's buffers, its arrays beside the trained parameters, for [`Ranks::sync_buffers`].
    pub fn buffers(&self, module: &dyn Module) -> Vec<Vec<Real>> {
        let fixed = module.parameters().into_iter().filter(|p| !p.is_trained());
        if self.is_alone() { Vec::new() } else { fixed.map(|p| p.values()).collect() }
    }

    /// Gives all ranks the mean of the changes of a step to a module's buffers, such as running statistics of its batches.
    /// Values that no rank changed stay as they are, to the last bit.
    pub fn sync_buffers(&self, module: &mut dyn Module, before: &[Vec<Real>]) -> Result<(), TrainError> {
        if before.is_empty() {
            return Ok(());
        }
        let fixed = || module.parameters().into_iter().filter(|p| !p.is_trained());
        let mut changes: Vec<Real> = Vec::new();
        for (parameter, before) in fixed().zip(before) {
            changes.extend(parameter.values().iter().zip(before).map(|(now, before)| now - before));
        }
        self.group.sum(&mut changes)?;
        let share = 1.0 / self.share.ranks() as Real;
        let mut changes = changes.into_iter();
        let fixed = module.parameters_mut().into_iter().filter(|p| !p.is_trained());
        for (parameter, before) in fixed.zip(before) {
            let values: Vec<Real> = before.iter().zip(&mut changes).map(|(v, change)| v + share * change).collect();
            parameter.set(&values);
        }
        Ok(())
    }

    /// The evaluation of rank 0.
    pub fn evaluation(&self, own: Result<Evaluation, TrainError>) -> Result<Evaluation, TrainError> {
        if self.is_alone() {
            return own;
        }
        Ok(process_group::broadcast(&*self.group, &self.agree(own)?)?)
    }

    /// Makes a report of this rank's share one of the whole batch, and makes sure that all ranks have the same models, by their
    /// checksum.
    pub fn pool(&self, report: &mut StepReport, checksum: impl FnOnce() -> u64) -> Result<(), TrainError> {
        if self.is_alone() {
            return Ok(());
        }
        let all = self.exchange(&(report.clone(), checksum()))?;
        if let Some(rank) = all.iter().position(|(_, checksum)| *checksum != all[0].1) {
            return Err(TrainError::Drift { step: report.step, rank, ranks: self.share.ranks() });
        }
        report.pool(all.into_iter().map(|(part, _)| part).collect());
        Ok(())
    }

    /// The values of all ranks, in their order.
    pub(super) fn exchange<T: Serialize + DeserializeOwned>(&self, own: &T) -> Result<Vec<T>, ProcessGroupError> {
        process_group::gather(&*self.group, own)
    }

    pub(super) fn out_of_step(&self, reason: impl ToString) -> ProcessGroupError {
        ProcessGroupError::out_of_step(&*self.group, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_group::Threads;
    use ebm_core::device::{Vector, values};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Ranks that add up tensors where they are, as GPUs do, and remember how much was added up on the host.
    struct OnDevice {
        threads: Threads,
        tensors: AtomicUsize,
        longest: AtomicUsize,
    }

    impl ProcessGroup for OnDevice {
        fn rank(&self) -> usize {
            self.threads.rank()
        }
        fn ranks(&self) -> usize {
            self.threads.ranks()
        }
        fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError> {
            self.longest.fetch_max(values.len(), Ordering::Relaxed);
            self.threads.sum(values)
        }
        fn sum_tensor(&self, tensor: &mut Vector) -> Result<(), ProcessGroupError> {
            self.tensors.fetch_add(1, Ordering::Relaxed);
            let mut sums = values(tensor);
            self.threads.sum(&mut sums)?;
            tensor.copy_from(&sums);
            Ok(())
        }
        fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
            self.threads.gather(own)
        }
    }

    fn on_each<T: Send>(ranks: usize, work: impl Fn(Arc<OnDevice>) -> T + Sync) -> Vec<T> {
        Threads::on_each(ranks, |threads| {
            work(Arc::new(OnDevice { threads, tensors: AtomicUsize::new(0), longest: AtomicUsize::new(0) }))
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
            let ranks = Ranks::new(rank.clone());
            let lengths = LENGTHS.map(<[usize]>::to_vec);
            let means = ranks.average(Ok(gradients(rank.rank())), lengths).unwrap();
            let (tensors, longest) = (rank.tensors.load(Ordering::Relaxed), rank.longest.load(Ordering::Relaxed));
            // One sum for everything, and for the flag that a rank has no gradients.
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
            Ranks::new(rank).average(own, lengths).map(|_| ()).unwrap_err()
        });
        for error in told {
            assert_eq!(error.to_string(), "process 2 of 3: the disk is full");
        }
    }
}
