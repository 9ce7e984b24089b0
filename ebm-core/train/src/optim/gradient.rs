use ebm_core::buffers::native::{Array, from_host};
use ebm_core::{device::Real, parameter::Module, tape::GradientMap};
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
