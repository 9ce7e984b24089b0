use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::{panic::resume_unwind, thread::ScopedJoinHandle};

use super::{ProcessGroup, ProcessGroupError};
use ebm_core::device::Real;

/// A rank that is a thread of this process: for tests of the work of ranks.
///
/// Work that the ranks hand to one thread pool and that waits for the other ranks may fill the pool: give each rank a pool of
/// its own. A rank that is dropped is gone, and those that wait for it get an error.
#[derive(Debug)]
pub struct Threads {
    rank: usize,
    ranks: usize,
    room: Arc<Room>,
}

/// The place where the ranks exchange messages.
#[derive(Debug)]
struct Room {
    table: Mutex<Table>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    /// The messages of the current exchange, by rank.
    given: Vec<Option<Vec<u8>>>,
    /// Number of ranks that have yet to read the messages; no new exchange begins before.
    takers: usize,
    /// The first rank that left.
    gone: Option<usize>,
}

impl Threads {
    /// All ranks of a group of `ranks`, in order.
    pub fn group(ranks: usize) -> Vec<Self> {
        let table = Table { given: vec![None; ranks], ..Table::default() };
        let room = Arc::new(Room { table: Mutex::new(table), changed: Condvar::new() });
        let member = |rank| Self { rank, ranks, room: room.clone() };
        (0..ranks).map(member).collect()
    }

    /// Does `work` as each rank of a group, on a thread each, and returns the results in order of rank.
    ///
    /// # Panics
    /// If the work panics.
    pub fn on_each<T: Send>(ranks: usize, work: impl Fn(Self) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let work = &work;
            let start = |rank| scope.spawn(move || work(rank));
            let threads: Vec<_> = Self::group(ranks).into_iter().map(start).collect();
            let join = |thread: ScopedJoinHandle<'_, T>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            threads.into_iter().map(join).collect()
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut table = self.room.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.gone.get_or_insert(self.rank);
        self.room.changed.notify_all();
    }
}

impl ProcessGroup for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    /// The sums are formed in the order of the ranks, on each of them.
    fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError> {
        let own: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let length = own.len();
        let all = self.gather(&own)?;
        if let Some(other) = all.iter().position(|given| given.len() != length) {
            let reason = format!("{length} bytes to add to {} of process {}", all[other].len(), other + 1);
            return Err(ProcessGroupError::out_of_step(self, reason));
        }
        values.fill(0.0);
        for given in all {
            let given = given.as_chunks().0.iter().map(|bytes| Real::from_le_bytes(*bytes));
            values.iter_mut().zip(given).for_each(|(sum, v)| *sum += v);
        }
        Ok(())
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
        let wait = |table| self.room.changed.wait(table).unwrap_or_else(PoisonError::into_inner);
        let mut table = self.room.table.lock().unwrap_or_else(PoisonError::into_inner);
        while table.takers > 0 {
            table = wait(table);
        }
        table.given[self.rank] = Some(own.to_vec());
        if table.given.iter().all(Option::is_some) {
            table.takers = self.ranks;
            self.room.changed.notify_all();
        }
        while table.takers == 0 {
            if let Some(rank) = table.gone {
                return Err(ProcessGroupError::Gone { rank, ranks: self.ranks });
            }
            table = wait(table);
        }
        let all = table.given.iter().flatten().cloned().collect();
        table.takers -= 1;
        if table.takers == 0 {
            table.given.fill(None);
            self.room.changed.notify_all();
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_meetings_in_a_row_do_not_mix() {
        let all = Threads::on_each(4, |rank| {
            let own = rank.rank() as Real;
            let rounds = (0..200).map(|round| {
                let mut values = [own, round as Real];
                rank.sum(&mut values).unwrap();
                values
            });
            rounds.collect::<Vec<_>>()
        });
        for rounds in all {
            for (round, values) in rounds.into_iter().enumerate() {
                assert_eq!(values, [6.0, 4.0 * round as Real]);
            }
        }
    }

    #[test]
    fn what_rank_0_gives_reaches_all() {
        let all = Threads::on_each(3, |rank| rank.broadcast(&[rank.rank() as u8; 5]).unwrap());
        assert_eq!(all, vec![vec![0; 5]; 3]);
    }

    #[test]
    fn ranks_that_add_different_numbers_of_values_are_told() {
        let all = Threads::on_each(2, |rank| rank.sum(&mut vec![0.0; 1 + rank.rank()]));
        assert!(all.iter().all(|sum| matches!(sum, Err(ProcessGroupError::OutOfStep { .. }))));
    }
}
