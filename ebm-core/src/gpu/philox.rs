//! Random numbers that are made where they are used.

use super::{Out, kernels};

kernels! { "philox";
    /// Standard normal numbers of a key's step.
    fn philox_normals(n: usize, key: u64, step: u64, y: Out[n]) over Elements(n.div_ceil(4));
    /// Numbers uniform on [0, 1), of 24 bits.
    fn philox_uniforms(n: usize, key: u64, step: u64, y: Out[n]) over Elements(n.div_ceil(4));
    /// Signs, +1 or -1.
    fn philox_signs(n: usize, key: u64, step: u64, y: Out[n]) over Elements(n.div_ceil(4));
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::gpu::zeros;
    use crate::random::philox::twin;

    /// What a kernel makes of five numbers more than some whole counters.
    fn made(kernel: impl Fn(Out) -> Result<(), crate::device::DevError>) -> Vec<f64> {
        let mut y = zeros::<Real>(4 * 100 + 5).unwrap();
        kernel(Out::of(&mut y)).unwrap();
        y.iter().map(|v| f64::from(*v)).collect()
    }

    #[test]
    fn the_numbers_are_those_of_the_twin() {
        // More than 32 bits of everything that the counter and the key hold, but for the index.
        for (key, step) in [(0, 0), (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)] {
            assert_eq!(
                made(|y| philox_signs(y.len(), key, step, y)),
                twin::signs(key, step, 405)
            );
            assert_eq!(
                made(|y| philox_uniforms(y.len(), key, step, y)),
                twin::uniforms(key, step, 405)
            );
            let normals = made(|y| philox_normals(y.len(), key, step, y));
            let tolerance = if cfg!(feature = "f64") { 1e-12 } else { 2e-6 };
            for (found, truth) in normals.into_iter().zip(twin::normals(key, step, 405)) {
                assert!((found - truth).abs() < tolerance, "{found} is not {truth}");
            }
        }
    }
}
