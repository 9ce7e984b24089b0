use rayon::prelude::*;
use std::ops::Range;

use crate::math::add_rows;
use crate::prelude::*;

/// Pixels added up in a row. Sums of these sums are exact enough in single precision, and they can be made on all cores
/// without the result depending on how many there are.
pub(crate) const PIXELS: usize = 256;

/// Returns what `f` makes of every [`PIXELS`] pixels of `[pixels, channels]` values, in order.
pub(crate) fn in_parts<T: Send>(pixels: usize, f: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
    let part = |k: usize| f(k * PIXELS..((k + 1) * PIXELS).min(pixels));
    match pixels.div_ceil(PIXELS) {
        1 => vec![part(0)],
        parts => (0..parts).into_par_iter().map(part).collect(),
    }
}

/// The sums of parts, in order.
pub(crate) fn add_up(parts: Vec<Vec<Real>>) -> Vec<Real> {
    let mut parts = parts.into_iter();
    let mut total = parts.next().unwrap_or_default();
    for part in parts {
        add(&mut total, &part);
    }
    total
}

/// `y_c += sum_p x_pc` of `x` `[pixels, channels]`.
pub(crate) fn add_sums(x: In, channels: usize, y: Out) -> DevResult {
    let parts = in_parts(x.len() / channels, |pixels| {
        let mut sum = vec![0.0; channels];
        vectorised(|| add_rows(&mut sum, &x[pixels.start * channels..pixels.end * channels]));
        sum
    });
    add(y, &add_up(parts));
    Ok(())
}
