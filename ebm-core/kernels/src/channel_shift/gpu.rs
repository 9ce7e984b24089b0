//! Shifts on the device.

use dfdx::prelude::*;

use super::Sizes;
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::{In, channels, images};

/// `x` with the shifts added.
pub(super) fn shifted(x: &Matrix, shifts: &Matrix, sizes: Sizes) -> Matrix {
    let Sizes {
        width,
        channels,
        count,
        reached,
    } = sizes;
    let rows = x.shape().0;
    filled((rows, width), |y| {
        let (x, shifts) = (stored(x)?, stored(shifts)?);
        images::shift_pixels(
            rows,
            reached,
            width / channels,
            channels,
            count,
            shifts.read(),
            x.read(),
            y,
        )
    })
}

/// `gs +=` the sums of each image's pixels.
pub(super) fn add_sums(gs: Added, g: &Taken, sizes: Sizes) -> Result<(), DevError> {
    let g = In::of(g).part(0..sizes.reached * sizes.width);
    match sizes.count {
        1 => channels::add_sums(g, sizes.channels, gs),
        rows => images::sum_pixels(rows, sizes.width / sizes.channels, sizes.channels, g, gs),
    }
}
