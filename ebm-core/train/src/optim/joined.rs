//! Gradients as they travel between processes.

use super::Gradient;
use crate::collective::{Collective, CollectiveError};
use ebm_core::device::Real;
use ebm_kernels::update;

/// A mark, and after it the gradients of several modules, in one array where the gradients are: on the device in a build for one.
pub(crate) struct Joined {
    row: update::Row,
    length: usize,
}

impl Joined {
    /// Gradients after `mark`.
    pub fn new(mark: Real, gradients: &[Gradient]) -> Self {
        let arrays: Vec<_> = gradients.iter().flat_map(Gradient::arrays).collect();
        Self {
            row: update::row(mark, &arrays),
            length: gradients.iter().map(Gradient::len).sum(),
        }
    }

    /// Number of values after the mark.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Replaces all of it by the sums over the ranks, in one exchange.
    ///
    /// # Errors
    /// If a rank is gone.
    pub fn sum(&mut self, collective: &dyn Collective) -> Result<(), CollectiveError> {
        update::exchange(
            &mut self.row,
            |row| collective.sum(row),
            |row| collective.sum_tensor(row),
        )
    }

    /// The mark, or the sum of all marks.
    pub fn mark(&self) -> Real {
        update::first(&self.row)
    }

    /// The gradients times `scale`, of which `lengths` are the numbers of values.
    pub fn split<const N: usize>(&self, lengths: [Vec<usize>; N], scale: Real) -> [Gradient; N] {
        let all: Vec<usize> = lengths.iter().flatten().copied().collect();
        let mut parts = update::parts(&self.row, &all, scale).into_iter();
        lengths.map(|lengths| parts.by_ref().take(lengths.len()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collective::Alone;

    #[test]
    fn what_was_joined_is_split_again_and_scaled() {
        let first = [vec![1.0, -2.0, 3.0], vec![], vec![4.0]];
        let second = [vec![0.5, 8.0]];
        let mut joined = Joined::new(7.0, &[Gradient::from_host(&first), Gradient::from_host(&second)]);
        joined.sum(&Alone).unwrap();
        assert_eq!((joined.mark(), joined.len()), (7.0, 6));
        let [a, b] = joined.split([vec![3, 0, 1], vec![2]], 0.5);
        assert_eq!(a.to_host(), [vec![0.5, -1.0, 1.5], vec![], vec![2.0]]);
        assert_eq!(b.to_host(), [[0.25, 4.0]]);
    }
}
