//! The parts of a batch that several processes have.

use std::ops::Range;

/// The part of a batch that one rank has: of `ranks` equal parts, in the ranks' order, the one numbered `rank`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    rank: usize,
    ranks: usize,
}

impl Share {
    /// Everything, as one part.
    pub const ALL: Self = Self { rank: 0, ranks: 1 };

    /// Part `rank` of `ranks`.
    ///
    /// # Panics
    /// If `rank` is not less than `ranks`.
    pub fn new(rank: usize, ranks: usize) -> Self {
        assert!(rank < ranks, "part {rank} of {ranks}");
        Self { rank, ranks }
    }

    /// The number of the part, counted from 0.
    pub fn rank(self) -> usize {
        self.rank
    }

    /// Number of parts.
    pub fn ranks(self) -> usize {
        self.ranks
    }

    /// Whether it is everything.
    pub fn is_all(self) -> bool {
        self.ranks == 1
    }

    /// Whether `batch` samples can be split evenly.
    pub fn divides(self, batch: usize) -> bool {
        batch.is_multiple_of(self.ranks)
    }

    /// The number of the part's samples among `batch`.
    pub fn of(self, batch: usize) -> usize {
        batch / self.ranks
    }

    /// The rows of the part among `batch`.
    pub fn rows(self, batch: usize) -> Range<usize> {
        let own = self.of(batch);
        self.rank * own..(self.rank + 1) * own
    }
}
