//! The results of reference packages, which `tests/fixtures/metrics/make.py` writes.

use serde::de::DeserializeOwned;

/// The largest difference from the reference package that is accepted.
const TOLERANCE: f64 = 1e-6;

/// Features `[40, 3]` of real and `[50, 3]` of generated samples, that far from zero: numbers that any language computes alike, and
/// that single precision does not hold.
pub(crate) fn offset(offset: f64) -> [Vec<f64>; 2] {
    let unit = |rows: u32, shift: u32| -> Vec<f64> {
        let value = |row: u32, column: u32, modulus: u32| {
            f64::from(((row + shift).pow(2) * (column + 7) + 13 * row) % modulus) / f64::from(modulus)
        };
        (0..rows).flat_map(|i| [value(i, 0, 1009), value(i, 1, 2003), value(i, 2, 4001)]).collect()
    };
    let moved =
        |values: Vec<f64>, by: fn(f64) -> f64| -> Vec<f64> { values.into_iter().map(|v| by(v) + offset).collect() };
    [moved(unit(40, 2), |v| v), moved(unit(50, 5), |v| 0.8 * v + 0.3)]
}

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
pub(crate) fn close(found: f64, expected: f64) {
    let scale = expected.abs().max(1.0);
    assert!((found - expected).abs() <= TOLERANCE * scale, "found {found}, the reference has {expected}");
}
