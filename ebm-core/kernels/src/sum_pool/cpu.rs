//! Sums over pixels on slices.

use crate::device::{DevResult, Real};
use crate::math::{add, vectorised};

/// `sums_ic += sum_p x_ipc`
pub(super) fn sum_pixels(_: usize, pixels: usize, channels: usize, x: &[Real], sums: &mut [Real]) -> DevResult {
    vectorised(|| {
        for (image, sum) in x.chunks_exact(pixels * channels).zip(sums.chunks_exact_mut(channels)) {
            image.chunks_exact(channels).for_each(|pixel| add(sum, pixel));
        }
    });
    Ok(())
}

/// `x_ipc += sums_ic`
pub(super) fn repeat_pixels(_: usize, pixels: usize, channels: usize, sums: &[Real], x: &mut [Real]) -> DevResult {
    vectorised(|| {
        for (image, sum) in x.chunks_exact_mut(pixels * channels).zip(sums.chunks_exact(channels)) {
            image.chunks_exact_mut(channels).for_each(|pixel| add(pixel, sum));
        }
    });
    Ok(())
}
