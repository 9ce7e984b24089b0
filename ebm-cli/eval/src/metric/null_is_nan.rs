//! Numbers from JSON, which writes `null` for those that are not finite.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// A number; NaN for `null`.
///
/// # Errors
/// If there is anything else.
pub fn nan_at_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(number)
}

/// Named numbers; NaN for each `null`.
///
/// # Errors
/// If there is anything else.
pub fn nan_at_null_in_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let read = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(name, value)| (name, number(value))).collect())
}

/// Two numbers, if they are there; NaN for each `null` of the two.
pub(crate) fn nan_at_null_in_pair<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(f64, f64)>, D::Error> {
    let read = Option::<(Option<f64>, Option<f64>)>::deserialize(deserializer)?;
    Ok(read.map(|(first, second)| (number(first), number(second))))
}

fn number(read: Option<f64>) -> f64 {
    read.unwrap_or(f64::NAN)
}
