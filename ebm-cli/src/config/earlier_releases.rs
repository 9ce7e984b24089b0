//! Configurations of earlier releases.

use ebm_core::registry::{self, DatasetConfig, LowerBoundConfig};
use figment::value::Value;

use super::{fault::ConfigFault, layers::Merged, run_config::RunConfig, value};

/// Reads a whole configuration as this program or an earlier release wrote it.
pub fn read_written(text: &str) -> Result<RunConfig, toml::de::Error> {
    let mut table: toml::Table = text.parse()?;
    let changed = [move_written_lambda(&mut table), keep_two_parts(&mut table)];
    // From the text, so that an error names its place.
    if changed == [None; 2] { toml::from_str(text) } else { table.try_into() }
}

/// Splits the finite data of a table that holds every value in two, as releases did that knew no validation part: rows that
/// were trained on do not become others.
pub(super) fn keep_two_parts(table: &mut toml::Table) -> Option<()> {
    const NEW: &str = "validation";
    let data = table.get_mut("data")?.as_table_mut()?;
    let kind = registry::find::<dyn DatasetConfig>(data.get("kind")?.as_str()?)?;
    let has_it = kind.crate_name == "ebm-data" && (kind.schema)()["properties"].get(NEW).is_some();
    if !has_it || data.contains_key(NEW) {
        return None;
    }
    data.insert(NEW.into(), toml::Value::Float(0.0));
    Some(())
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
    use ebm_core::schedule::Scheduled;

    #[test]
    fn finite_data_of_a_release_without_a_validation_part_stay_split_in_two() {
        let kept = |text: &str| {
            let mut table: toml::Table = text.parse().unwrap();
            keep_two_parts(&mut table);
            table["data"].get("validation").and_then(toml::Value::as_float)
        };
        for kind in ["csv", "npy", "idx", "npz", "image-folder", "cifar", "stacked-mnist"] {
            assert_eq!(kept(&format!("data = {{ kind = {kind:?}, path = \"a\" }}")), Some(0.0), "{kind}");
        }
        assert_eq!(kept("data = { kind = \"csv\", validation = 0.2 }"), Some(0.2));
        assert_eq!(kept("data = { kind = \"two-moons\" }"), None);
    }

    #[test]
    fn a_configuration_that_the_first_release_wrote_has_the_weight_in_its_new_place() {
        let text = include_str!("../../../tests/fixtures/first-release-run/config.toml");
        assert!(text.contains("lambda = 0.9"), "{text}");
        let config = read_written(text).unwrap();
        assert_eq!(config.train.lambda, Scheduled::Constant(0.9));
        // And in the form of today it is read as it was written.
        let written = toml::to_string(&config).unwrap();
        assert_eq!(toml::to_string(&read_written(&written).unwrap()).unwrap(), written);
    }
}
