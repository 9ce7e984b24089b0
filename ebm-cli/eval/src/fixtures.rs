//! The results of reference packages, which `tests/fixtures/metrics/make.py` writes.

use serde::de::DeserializeOwned;

/// The largest difference from the reference package that is accepted.
const TOLERANCE: f64 = 1e-6;

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
pub(crate) fn close(found: f64, expected: f64) {
    let scale = expected.abs().max(1.0);
    assert!((found - expected).abs() <= TOLERANCE * scale, "found {found}, the reference has {expected}");
}
