//! Shifts on slices.

use dfdx::prelude::*;

use super::Sizes;
use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};
use crate::math::{add, vectorised};

/// `x` with the shifts added.
pub(super) fn shifted(x: &Matrix, shifts: &Matrix, sizes: Sizes) -> Matrix {
    let mut y = read(x).into_owned();
    let (shifts, channels) = (read(shifts), sizes.channels);
    vectorised(|| {
        for (r, row) in y.chunks_exact_mut(sizes.width).take(sizes.reached).enumerate() {
            let shift = &shifts[r % sizes.count * channels..][..channels];
            for pixel in row.chunks_exact_mut(channels) {
                add(pixel, shift);
            }
        }
    });
    buffers::tensor(y, *x.shape())
}

/// `gs +=` the sums of each image's pixels.
pub(super) fn add_sums(gs: &mut [Real], g: &[Real], sizes: Sizes) -> Result<(), DevError> {
    let channels = sizes.channels;
    vectorised(|| {
        for (r, row) in g.chunks_exact(sizes.width).take(sizes.reached).enumerate() {
            let mut total: Vec<Real> = vec![0.0; channels];
            for pixel in row.chunks_exact(channels) {
                add(&mut total, pixel);
            }
            add(&mut gs[r % sizes.count * channels..][..channels], &total);
        }
    });
    Ok(())
}
