//! Configurations of earlier releases.

use ebm_core::registry::{self, LowerBoundConfig};
use figment::value::Value;

use super::fault::ConfigFault;
use super::layers::Merged;
use super::value;

/// Moves `lower.lambda`, where the first release had it, to `train.lambda`.
pub(super) fn move_lambda(merged: &mut Merged) -> Result<(), ConfigFault> {
    const OLD: &str = "lower.lambda";
    let Some(old) = merged.find(OLD) else {
        return Ok(());
    };
    // A bound may have an option of its own of this name.
    let kind = merged.find("lower.kind").and_then(Value::as_str);
    let bound = kind.and_then(registry::find::<dyn LowerBoundConfig>);
    if bound.is_none_or(|bound| (bound.schema)()["properties"].get("lambda").is_some()) {
        return Ok(());
    }
    let refused = |expected: String| ConfigFault::Value {
        origin: merged.blame(OLD),
        key: OLD.to_string(),
        value: value::text(old),
        expected,
    };
    let number = |given: &Value| match given {
        Value::Num(_, number) => {
            let integer = number.to_i128().map(|integer| integer as f64);
            number.to_f64().or(integer)
        }
        _ => None,
    };
    if !number(old).is_some_and(|lambda| lambda >= 0.0 && lambda.is_finite()) {
        return Err(refused("a finite number >= 0".into()));
    }
    if let Some(new) = merged.find("train.lambda").filter(|new| number(new) != number(old)) {
        let expected = format!(
            "no other value than train.lambda = {}, which is its new name",
            value::text(new)
        );
        return Err(refused(expected));
    }
    merged.move_value(["lower", "lambda"], ["train", "lambda"]);
    Ok(())
}
