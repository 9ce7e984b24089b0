use crate::prelude::*;

kernels! { "philox";
    /// Standard normal numbers of a key's step: n of them, from number `first` on.
    fn philox_normals(n: usize, first: usize, key: u64, step: u64, y: Out[n]) over Elements((first % 4 + n).div_ceil(4));
    /// Numbers uniform on [0, 1), of 24 bits.
    fn philox_uniforms(n: usize, first: usize, key: u64, step: u64, y: Out[n]) over Elements((first % 4 + n).div_ceil(4));
    /// Signs, +1 or -1.
    fn philox_signs(n: usize, first: usize, key: u64, step: u64, y: Out[n]) over Elements((first % 4 + n).div_ceil(4));
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::super::philox::twin;
    use super::*;

    /// The 405 numbers that a kernel makes, of which the last is the first of its counter.
    fn made(kernel: impl Fn(Out) -> DevResult) -> Vec<f64> {
        let mut y = zeros::<Real>(405).unwrap();
        kernel(view_mut(&mut y)).unwrap();
        y.iter().map(|v| f64::from(*v)).collect()
    }

    #[test]
    fn the_numbers_are_those_of_the_twin_wherever_they_start() {
        // More than 32 bits of everything that the key and the counter hold, but for the index.
        for (key, step) in [(0, 0), (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)] {
            for first in [0, 1, 6, 400] {
                let truth = |of: fn(u64, u64, usize) -> Vec<f64>| of(key, step, first + 405).split_off(first);
                assert_eq!(made(|y| philox_signs(405, first, key, step, y)), truth(twin::signs));
                assert_eq!(made(|y| philox_uniforms(405, first, key, step, y)), truth(twin::uniforms));
                let normals = made(|y| philox_normals(405, first, key, step, y));
                let tolerance = if cfg!(feature = "f64") { 1e-12 } else { 2e-6 };
                for (found, truth) in normals.into_iter().zip(truth(twin::normals)) {
                    assert!((found - truth).abs() < tolerance, "{found} is not {truth}");
                }
            }
        }
    }
}
