use crate::math::{add_rows, add_to_rows};
use crate::prelude::*;

/// `sums_ic += sum_p x_ipc`
pub fn sum_pixels(_: usize, pixels: usize, channels: usize, x: In, sums: Out) -> DevResult {
    vectorised(|| {
        for (image, sum) in x.chunks_exact(pixels * channels).zip(sums.chunks_exact_mut(channels)) {
            add_rows(sum, image);
        }
    });
    Ok(())
}

/// `x_ipc += sums_ic`
pub fn repeat_pixels(_: usize, pixels: usize, channels: usize, sums: In, x: Out) -> DevResult {
    vectorised(|| {
        for (image, sum) in x.chunks_exact_mut(pixels * channels).zip(sums.chunks_exact(channels)) {
            add_to_rows(image, sum);
        }
    });
    Ok(())
}
