//! Shifts on slices.

use crate::device::{DevResult, Real};
use crate::math::{add, vectorised};

/// `y_ipc = x_ipc`, plus `shifts_ic` (with `count = 1`: `shifts_c`) in the first `reached` images.
pub(super) fn shift_pixels(
    _: usize,
    reached: usize,
    pixels: usize,
    channels: usize,
    count: usize,
    shifts: &[Real],
    x: &[Real],
    y: &mut [Real],
) -> DevResult {
    y.copy_from_slice(x);
    vectorised(|| {
        for (r, row) in y.chunks_exact_mut(pixels * channels).take(reached).enumerate() {
            let shift = &shifts[r % count * channels..][..channels];
            row.chunks_exact_mut(channels).for_each(|pixel| add(pixel, shift));
        }
    });
    Ok(())
}

/// `gs +=` the sums of each image's pixels.
pub(super) fn add_sums(
    reached: usize,
    pixels: usize,
    channels: usize,
    count: usize,
    g: &[Real],
    gs: &mut [Real],
) -> DevResult {
    vectorised(|| {
        for (r, row) in g.chunks_exact(pixels * channels).take(reached).enumerate() {
            let mut total: Vec<Real> = vec![0.0; channels];
            row.chunks_exact(channels).for_each(|pixel| add(&mut total, pixel));
            add(&mut gs[r % count * channels..][..channels], &total);
        }
    });
    Ok(())
}
