use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::subject::Config;
use super::*;
use ebm_core::registry::{LowerBoundConfig, UpperBoundConfig};

/// Largest number that a bound is built with: beyond, a size that is accepted may be more than there is memory.
const BUILT: f64 = 1.0;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let mut cases = 0;
    let mut numbers = 0;
    // Numbers are the same, whatever is chosen within a table.
    for variant in on.variants.iter().filter(|variant| !variant.is_nested()) {
        let Ok(written) = variant.config.written() else {
            continue;
        };
        let mut paths = Vec::new();
        numeric(&written, &mut Vec::new(), &mut paths);
        // The options of an optimiser are the trainer's to check.
        let optimizer = variant.config.optimizer();
        let trainers =
            |path: &[String]| optimizer.as_ref().is_some_and(|o| written[&path[0]].as_object() == Some(o.table()));
        for path in paths.into_iter().filter(|path| !trainers(path)) {
            numbers += 1;
            match option(on, &variant.config, &written, &path) {
                Ok(tried) => cases += tried,
                Err(violation) => return Outcome::Failed(violation),
            }
        }
    }
    if numbers == 0 {
        return Outcome::not_applicable("no option is a number");
    }
    Outcome::Passed { cases }
}

/// Tries nonsense in one option.
fn option(on: &On<'_>, config: &Config, written: &Value, path: &[String]) -> Result<u32, Violation> {
    let key = path.join(".");
    let told = |number: &dyn std::fmt::Display, what: &str| Violation::told(format!("{key} = {number}: {what}"));
    let mut accepted = Vec::new();
    let mut tried = 0;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        tried += 1;
        let good = caught(|| {
            let poisoned = config.with_number(path, number).ok().and_then(|options| read(on, options));
            poisoned.is_some_and(|c| c.check().is_ok())
        });
        match good {
            Err(words) => return Err(told(&number, &format!("check() panicked: {words}"))),
            Ok(true) if number.is_nan() => return Err(told(&number, "check() accepts it")),
            Ok(true) => accepted.push(number.to_string()),
            Ok(false) => {}
        }
    }
    for number in [json!(-1), json!(-0.5), json!(0), json!(1), json!(-1e300), json!(1e300), json!(u64::MAX)] {
        tried += 1;
        let mut changed = written.clone();
        let pointer: String = path.iter().map(|key| format!("/{key}")).collect();
        if let Some(place) = changed.pointer_mut(&pointer) {
            *place = number.clone();
        }
        let used = caught(|| match read(on, changed) {
            Some(config) if config.check().is_ok() => {
                if number.as_f64().is_some_and(|n| n.abs() <= BUILT) {
                    exercise(on, &config);
                }
                true
            }
            _ => false,
        });
        match used {
            Err(words) => return Err(told(&number, &format!("it panicked: {words}"))),
            Ok(true) => accepted.push(number.to_string()),
            Ok(false) => {}
        }
    }
    // What no number at all is refused for is not checked.
    if accepted.len() + 1 == tried as usize {
        return Err(told(&accepted.join(", "), "check() accepts every one of them"));
    }
    Ok(tried)
}

/// Builds and evaluates, whatever comes of it.
fn exercise(on: &On<'_>, config: &Config) {
    for case in probes(0) {
        let at = on.situation(&case);
        if let Ok(mut bound) = config.build(geometry(&case), Random::new(1)) {
            let _ = bound.evaluate(&at, SharedTape::off());
        }
    }
}

/// The configuration, if it parses.
fn read<'de>(on: &On<'_>, options: impl Deserializer<'de>) -> Option<Config> {
    match on.subject.side() {
        Side::Lower => Box::<dyn LowerBoundConfig>::deserialize(options).ok().map(Config::Lower),
        Side::Upper => Box::<dyn UpperBoundConfig>::deserialize(options).ok().map(Config::Upper),
    }
}

/// Paths of the numbers in a table.
fn numeric(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Number(_) => found.push(path.clone()),
        Value::Object(table) => {
            for (key, inner) in table {
                path.push(key.clone());
                numeric(inner, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}
