//! What reference packages computed; `tests/fixtures/metrics/make.py` writes it.

use serde::de::DeserializeOwned;

/// How far a figure may be from that of the reference package.
const TOLERANCE: f64 = 1e-6;

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
pub(crate) fn close(found: f64, expected: f64) {
    let scale = expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= TOLERANCE * scale,
        "found {found}, the reference has {expected}"
    );
}
