use crate::math::{add_rows, add_to_rows};
use crate::prelude::*;

/// `y_ipc = x_ipc`, plus `shifts_ic` (with `count = 1`: `shifts_c`) in the first `reached` images.
pub fn shift_pixels(
    _: usize,
    reached: usize,
    pixels: usize,
    channels: usize,
    count: usize,
    shifts: In,
    x: In,
    y: Out,
) -> DevResult {
    y.copy_from_slice(x);
    vectorised(|| {
        for (r, row) in y.chunks_exact_mut(pixels * channels).take(reached).enumerate() {
            add_to_rows(row, &shifts[r % count * channels..][..channels]);
        }
    });
    Ok(())
}

/// `gs +=` the sums of each image's pixels.
pub fn add_sums(reached: usize, pixels: usize, channels: usize, count: usize, g: In, gs: Out) -> DevResult {
    vectorised(|| {
        for (r, row) in g.chunks_exact(pixels * channels).take(reached).enumerate() {
            let mut total: Vec<Real> = vec![0.0; channels];
            add_rows(&mut total, row);
            add(&mut gs[r % count * channels..][..channels], &total);
        }
    });
    Ok(())
}
