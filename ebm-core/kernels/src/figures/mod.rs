//! One number a sample, for a report.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::buffers::native;
use crate::device::{Dev, PerSample, Real};

/// Numbers in double precision, one a sample, that stay where kernels run until somebody reads them.
///
/// On a GPU reading waits for all work before: what reads its figures once everything else is queued keeps the device busy.
pub struct Figures(pub(super) native::Array<f64>);

impl Figures {
    /// `sum_j x_ij^2` of `[B, C]`.
    pub fn squared_norms<C: Dim>(x: &Tensor<(usize, C), Real, Dev>) -> Self {
        Self(side::squared_norms(x))
    }

    /// How many there are, B.
    pub(crate) fn len(&self) -> usize {
        native::len(&self.0)
    }

    /// The numbers, `[B]`.
    pub fn read(&self) -> Vec<f64> {
        side::read(&self.0)
    }

    /// The nearest numbers of the system's precision, `[B]`.
    pub fn rounded(&self) -> PerSample {
        side::rounded(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn squares_are_added_up_in_double_precision() {
        // Wider than a warp, with a square that leaves no room in single precision for those after it.
        let mut x = check::array(3 * 77, 1.0, 5).as_vec();
        x[77] = 1e5;
        let found = Figures::squared_norms(&crate::buffers::tensor(x.clone(), (3usize, 77usize)));
        let truth = x.chunks_exact(77);
        let truth = truth.map(|row| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>());
        let truth: Vec<f64> = truth.collect();
        for (found, truth) in found.read().iter().zip(&truth) {
            assert!((found - truth).abs() < 1e-14 * truth, "{found} is not {truth}");
        }
        let rounded: Vec<Real> = found.read().into_iter().map(|v| v as Real).collect();
        assert_eq!(found.rounded().as_vec(), rounded);
    }
}
