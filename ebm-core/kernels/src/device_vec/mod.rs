//! Numbers in double precision, one a sample, for a report.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::buffers::native;
use crate::prelude::*;

/// Numbers in double precision, one a sample, that stay where kernels run until somebody reads them.
///
/// On a GPU reading waits for all work before: read figures once everything else is queued, to keep the device busy.
pub struct DeviceVec(pub(crate) Array<f64>);

impl DeviceVec {
    /// `sum_j x_ij^2` of `[B, C]`.
    pub fn squared_norms<C: Dim>(x: &Rows<C>) -> Self {
        let (rows, columns) = (x.shape().0, x.shape().1.size());
        Self(run(|| {
            let mut y = native::zeros(rows)?;
            backend::squared_norms(rows, columns, stored(x)?.read(), view_mut(&mut y))?;
            Ok(y)
        }))
    }

    /// Number of samples, B.
    pub(crate) fn len(&self) -> usize {
        native::len(&self.0)
    }

    /// The numbers, `[B]`.
    pub fn read(&self) -> Vec<f64> {
        run(|| download(&self.0))
    }

    /// The nearest numbers of the system's precision, `[B]`.
    pub fn rounded(&self) -> PerSample {
        filled((self.len(),), |y| backend::rounded(y.len(), view(&self.0), y))
    }
}

crate::selftest_cases!(|| {
    vec![Case::kernel("squared_norms", || {
        let squares = DeviceVec::squared_norms(&matrix("squared_norms", 68, 75));
        vec![(Quantity::Value, squares.read()), Quantity::Value.of(&squares.rounded())]
    })]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_added_up_in_double_precision() {
        // Wider than a warp, with a square that leaves no room in single precision for those after it.
        let mut x = check::array(3 * 77, 1.0, 5).as_vec();
        x[77] = 1e5;
        let found = DeviceVec::squared_norms(&crate::buffers::tensor(x.clone(), (3usize, 77usize)));
        let truth = x.chunks_exact(77);
        let truth = truth.map(|row| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>());
        for (found, truth) in found.read().into_iter().zip(truth) {
            assert!((found - truth).abs() < 1e-14 * truth, "{found} is not {truth}");
        }
        let rounded: Vec<Real> = found.read().into_iter().map(|v| v as Real).collect();
        assert_eq!(found.rounded().as_vec(), rounded);
    }
}
