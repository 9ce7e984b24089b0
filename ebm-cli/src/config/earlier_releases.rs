//! Configurations of earlier releases.

use ebm_core::registry::{self, LowerBoundConfig};
use figment::value::Value;

use super::{fault::ConfigFault, layers::Merged, run_config::RunConfig, value};

/// Reads a whole configuration as this program or an earlier release wrote it.
pub fn read_written(text: &str) -> Result<RunConfig, toml::de::Error> {
    let mut table: toml::Table = text.parse()?;
    match move_written_lambda(&mut table) {
        Some(()) => table.try_into(),
        // From the text, so that an error names its place.
        None => toml::from_str(text),
    }
}

/// As [`move_lambda`], in a table that holds every value.
fn move_written_lambda(table: &mut toml::Table) -> Option<()> {
    let lower = table.get_mut("lower")?.as_table_mut()?;
    if has_lambda(lower.get("kind")?.as_str()?) {
        return None;
    }
    let lambda = lower.remove("lambda")?;
    table.get_mut("train")?.as_table_mut()?.entry("lambda").or_insert(lambda);
    Some(())
}

/// Whether a lower bound has an option `lambda` of its own, or is not known.
fn has_lambda(kind: &str) -> bool {
    let bound = registry::find::<dyn LowerBoundConfig>(kind);
    bound.is_none_or(|bound| (bound.schema)()["properties"].get("lambda").is_some())
}

/// Moves `lower.lambda`, where the first release had it, to `train.lambda`.
pub(super) fn move_lambda(merged: &mut Merged) -> Result<(), ConfigFault> {
    const OLD: &str = "lower.lambda";
    let Some(old) = merged.find(OLD) else { return Ok(()) };
    // A bound may have an option of its own of this name.
    if merged.find("lower.kind").and_then(Value::as_str).is_none_or(has_lambda) {
        return Ok(());
    }
    let number = |given: &Value| match given {
        Value::Num(_, number) => number.to_f64().or(number.to_i128().map(|integer| integer as f64)),
        _ => None,
    };
    if !number(old).is_some_and(|lambda| lambda >= 0.0 && lambda.is_finite()) {
        return Err(merged.wrong(OLD, "a finite number >= 0"));
    }
    if let Some(new) = merged.find("train.lambda").filter(|new| number(new) != number(old)) {
        let new = value::text(new);
        return Err(merged.wrong(OLD, format!("no other value than train.lambda = {new}, which is its new name")));
    }
    merged.move_value(["lower", "lambda"], ["train", "lambda"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_the_first_release_wrote_has_the_weight_in_its_new_place() {
        let text = include_str!("../../../tests/fixtures/first-release-run/config.toml");
        assert!(text.contains("lambda = 0.9"), "{text}");
        let config = read_written(text).unwrap();
        assert_eq!(config.train.lambda, 0.9);
        // And in the form of today it is read as it was written.
        let written = toml::to_string(&config).unwrap();
        assert_eq!(toml::to_string(&read_written(&written).unwrap()).unwrap(), written);
    }
}
