//! Sums over rows and pixels, one for each channel.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
pub(crate) mod backend;

pub(crate) use backend::add_sums;

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;
    use crate::buffers::native::{from_host, to_host, view, view_mut};
    use crate::device::Real;

    #[test]
    fn every_pixel_counts_once() {
        // 600 pixels are several parts, of which not all are as long as each other.
        let x: Vec<Real> = (0..600).flat_map(|i| [1.0, (i % 7) as Real, -2.0]).collect();
        let truth: Real = (0..600).map(|i| (i % 7) as Real).sum();
        let mut y = from_host(vec![10.0; 3]);
        add_sums(view(&from_host(x)), 3, view_mut(&mut y)).unwrap();
        assert_eq!(to_host(&y), [610.0, 10.0 + truth, -1190.0]);
    }
}
