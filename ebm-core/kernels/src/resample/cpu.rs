use super::Blocks;
use crate::prelude::*;

/// `fine += scale coarse`, each coarse pixel in its block of fine ones.
pub fn spread_pixels(images: usize, blocks: Blocks, scale: Real, coarse: In, fine: Out) -> DevResult {
    let channels = blocks.coarse.channels;
    vectorised(|| {
        each_pair(images, blocks, |c, f| {
            let pairs = fine[f * channels..][..channels].iter_mut().zip(&coarse[c * channels..]);
            pairs.for_each(|(f, c)| *f += scale * c);
        });
    });
    Ok(())
}

/// `coarse += scale fine`, the sum of each block in its coarse pixel.
pub fn gather_pixels(images: usize, blocks: Blocks, scale: Real, fine: In, coarse: Out) -> DevResult {
    let channels = blocks.coarse.channels;
    vectorised(|| {
        each_pair(images, blocks, |c, f| {
            let pairs = coarse[c * channels..][..channels].iter_mut().zip(&fine[f * channels..]);
            pairs.for_each(|(c, f)| *c += scale * f);
        });
    });
    Ok(())
}

/// Calls `f` with the coarse and the fine pixel of every pair; the rows of all images are one image's.
#[inline(always)]
fn each_pair(images: usize, Blocks { coarse, factor }: Blocks, mut f: impl FnMut(usize, usize)) {
    for y in 0..images * coarse.height * factor {
        for x in 0..coarse.width * factor {
            f(y / factor * coarse.width + x / factor, y * coarse.width * factor + x);
        }
    }
}
