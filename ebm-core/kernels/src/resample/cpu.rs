//! Blocks of pixels on slices.

use crate::device::{DevResult, Real};
use crate::math::vectorised;

/// `fine += scale coarse`, each coarse pixel of `[height, width]` in a block of `factor x factor` fine ones.
pub(super) fn spread_pixels(
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
    factor: usize,
    scale: Real,
    coarse: &[Real],
    fine: &mut [Real],
) -> DevResult {
    vectorised(|| {
        each_pair(images * height, width, factor, |c, f| {
            let pairs = fine[f * channels..][..channels].iter_mut().zip(&coarse[c * channels..]);
            pairs.for_each(|(f, c)| *f += scale * c);
        });
    });
    Ok(())
}

/// `coarse += scale fine`, the sum of each block in its coarse pixel.
pub(super) fn gather_pixels(
    images: usize,
    height: usize,
    width: usize,
    channels: usize,
    factor: usize,
    scale: Real,
    fine: &[Real],
    coarse: &mut [Real],
) -> DevResult {
    vectorised(|| {
        each_pair(images * height, width, factor, |c, f| {
            let pairs = coarse[c * channels..][..channels].iter_mut().zip(&fine[f * channels..]);
            pairs.for_each(|(c, f)| *c += scale * f);
        });
    });
    Ok(())
}

/// Calls `f` with the coarse and the fine pixel of every pair; the rows of all images are one image's.
#[inline(always)]
fn each_pair(height: usize, width: usize, factor: usize, mut f: impl FnMut(usize, usize)) {
    for y in 0..height * factor {
        for x in 0..width * factor {
            f(y / factor * width + x / factor, y * width * factor + x);
        }
    }
}
