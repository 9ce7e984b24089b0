use ebm_core::random::Random;
use std::sync::{Mutex, PoisonError};

/// Orders of epochs kept, so that draws of one epoch do not each shuffle the whole set.
const KEPT_ORDERS: usize = 4;

/// An endless sequence of epochs over a finite set, each a permutation of its rows derived from a stream and the epoch's
/// number.
///
/// A draw of `n` rows at step `t` of a stream gives places `t n .. (t + 1) n` of the sequence. So with a constant batch size
/// every row is drawn once an epoch, and a resumed run draws what the undisturbed run would have drawn.
#[derive(Debug)]
pub(super) struct Epochs {
    pub rows: usize,
    orders: Mutex<Vec<(Random, Vec<usize>)>>,
}

impl Epochs {
    /// Epochs over `rows` rows, at least one.
    pub fn new(rows: usize) -> Self {
        Self { rows, orders: Mutex::new(Vec::new()) }
    }

    pub fn draw(&self, n: usize, random: Random) -> Vec<usize> {
        let mut drawn = Vec::with_capacity(n);
        // The cache decides nothing but the time it takes, so a panic elsewhere cannot have spoilt it.
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = u128::from(random.step()) * n as u128;
        let end = place + n as u128;
        while place < end {
            let epoch = random.stream("epoch").at((place / self.rows as u128) as u64);
            let first = (place % self.rows as u128) as usize;
            let count = (self.rows - first).min((end - place) as usize);
            let index = match orders.iter().position(|(known, _)| *known == epoch) {
                Some(index) => index,
                None => {
                    if orders.len() >= KEPT_ORDERS {
                        orders.remove(0);
                    }
                    orders.push((epoch, epoch.permutation(self.rows)));
                    orders.len() - 1
                }
            };
            drawn.extend_from_slice(&orders[index].1[first..first + count]);
            place += count as u128;
        }
        drawn
    }
}

/// `n` different rows of `rows` at random, or all in their order if there are no more.
pub(super) fn some_of(rows: usize, n: usize, random: Random) -> Vec<usize> {
    if n >= rows {
        return (0..rows).collect();
    }
    let mut chosen = random.stream("held-out").permutation(rows);
    chosen.truncate(n);
    chosen
}
