//! The gradient of a module.

use crate::process_group::{ProcessGroup, ProcessGroupError};
use ebm_core::buffers::native::{Array, from_host, len};
use ebm_core::device::Real;
use ebm_core::parameter::Module;
use ebm_core::tape::GradientMap;
use ebm_kernels::update;

/// The gradients of a module's trained parameters, in their order, where the optimiser wants them.
#[derive(Clone)]
pub struct Gradient(Vec<Array>);

impl Gradient {
    /// Moves the gradients of `module` out of a map.
    pub fn of<M: Module + ?Sized>(module: &M, gradients: &mut GradientMap) -> Self {
        let trained = module.parameters().into_iter().filter(|p| p.is_trained());
        Self(trained.map(|p| gradients.take(p.tensor())).collect())
    }

    /// The gradient with these values, an array a parameter.
    pub fn from_host(gradients: &[Vec<Real>]) -> Self {
        Self(gradients.iter().cloned().map(from_host).collect())
    }

    /// Zeros, in one array.
    pub(crate) fn zeros(length: usize) -> Self {
        Self(vec![from_host(vec![0.0; length])])
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(len).sum()
    }

    /// Copies on the host.
    #[cfg(test)]
    pub(crate) fn to_host(&self) -> Vec<Vec<Real>> {
        self.0.iter().map(ebm_core::buffers::native::to_host).collect()
    }

    /// Adds a second term's gradient.
    pub fn add(&mut self, other: &Gradient) {
        for (to, other) in self.0.iter_mut().zip(&other.0) {
            update::add(to, other);
        }
    }

    /// Euclidean norm over all values.
    pub fn norm(&self) -> f64 {
        update::norm(&self.0)
    }

    /// One array a parameter.
    pub fn arrays(&self) -> &[Array] {
        &self.0
    }
}

impl FromIterator<Array> for Gradient {
    fn from_iter<I: IntoIterator<Item = Array>>(arrays: I) -> Self {
        Self(arrays.into_iter().collect())
    }
}

/// A mark, and after it the gradients of several modules, in one array where the gradients are: on the device in a build for one.
pub(crate) struct JoinedGradients {
    row: update::Row,
    length: usize,
}

impl JoinedGradients {
    /// Gradients after `mark`.
    pub fn new(mark: Real, gradients: &[Gradient]) -> Self {
        let arrays: Vec<_> = gradients.iter().flat_map(Gradient::arrays).collect();
        Self { row: update::row(mark, &arrays), length: gradients.iter().map(Gradient::len).sum() }
    }

    /// Number of values after the mark.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Replaces all of it by the sums over the ranks, in one exchange.
    ///
    /// # Errors
    /// If a rank is gone.
    pub fn sum(&mut self, group: &dyn ProcessGroup) -> Result<(), ProcessGroupError> {
        update::exchange(&mut self.row, |row| group.sum(row), |row| group.sum_tensor(row))
    }

    /// The mark, or the sum of all marks.
    pub fn mark(&self) -> Real {
        update::first(&self.row)
    }

    /// The gradients times `scale`; `lengths` are their numbers of values.
    pub fn split<const N: usize>(&self, lengths: [Vec<usize>; N], scale: Real) -> [Gradient; N] {
        let all: Vec<usize> = lengths.iter().flatten().copied().collect();
        let mut parts = update::parts(&self.row, &all, scale).into_iter();
        lengths.map(|lengths| parts.by_ref().take(lengths.len()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_group::Alone;

    #[test]
    fn gradients_add_up_and_have_a_norm_over_all_arrays() {
        // Long enough for several parts: the norm of k times (3, 4) is 5 sqrt k.
        let pairs = 10_000;
        let long: Vec<Real> = [3.0, 4.0].repeat(pairs);
        let mut gradient = Gradient::from_host(&[long.clone(), vec![], vec![1.0]]);
        gradient.add(&Gradient::from_host(&[long, vec![], vec![-1.0]]));
        assert_eq!(gradient.to_host()[0][..4], [6.0, 8.0, 6.0, 8.0]);
        let truth = 10.0 * (pairs as f64).sqrt();
        assert!((gradient.norm() / truth - 1.0).abs() < 1e-6, "{} {truth}", gradient.norm());
    }

    #[test]
    fn what_was_joined_is_split_again_and_scaled() {
        let first = [vec![1.0, -2.0, 3.0], vec![], vec![4.0]];
        let second = [vec![0.5, 8.0]];
        let mut joined = JoinedGradients::new(7.0, &[Gradient::from_host(&first), Gradient::from_host(&second)]);
        joined.sum(&Alone).unwrap();
        assert_eq!((joined.mark(), joined.len()), (7.0, 6));
        let [a, b] = joined.split([vec![3, 0, 1], vec![2]], 0.5);
        assert_eq!(a.to_host(), [vec![0.5, -1.0, 1.5], vec![], vec![2.0]]);
        assert_eq!(b.to_host(), [[0.25, 4.0]]);
    }
}
