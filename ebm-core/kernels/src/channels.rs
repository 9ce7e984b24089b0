//! Sums over the rows and pixels of images, one for each channel.

use rayon::prelude::*;

use super::math::{add, vectorised};
use crate::device::Real;

/// Pixels added up in a row. Sums of these sums are exact enough in single precision, and they can be made on all cores
/// without the result depending on how many there are.
pub(super) const PIXELS: usize = 256;

/// What `f` makes of every [`PIXELS`] pixels of `[pixels, channels]` values, in order.
pub(super) fn in_parts<T: Send>(pixels: usize, f: impl Fn(std::ops::Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let part = |k: usize| f(k * PIXELS..((k + 1) * PIXELS).min(pixels));
    match pixels.div_ceil(PIXELS) {
        1 => vec![part(0)],
        parts => (0..parts).into_par_iter().map(part).collect(),
    }
}

/// The sums of parts, in order.
pub(super) fn add_up(parts: Vec<Vec<Real>>) -> Vec<Real> {
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_default();
    for part in parts {
        add(&mut total, &part);
    }
    total
}

/// The sum of every channel of `[pixels, channels]` values.
pub(super) fn sums(values: &[Real], channels: usize) -> Vec<Real> {
    add_up(in_parts(values.len() / channels, |pixels| {
        let mut sum = vec![0.0; channels];
        vectorised(|| {
            for pixel in values[pixels.start * channels..pixels.end * channels].chunks_exact(channels) {
                add(&mut sum, pixel);
            }
        });
        sum
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_counts_once() {
        // 600 pixels are three parts, the last one short.
        let values: Vec<Real> = (0..600).flat_map(|i| [1.0, (i % 7) as Real]).collect();
        let truth: Real = (0..600).map(|i| (i % 7) as Real).sum();
        assert_eq!(sums(&values, 2), vec![600.0, truth]);
    }
}
