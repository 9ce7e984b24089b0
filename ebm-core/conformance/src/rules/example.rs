use serde_json::Value;

use super::*;

const UNKNOWN: &str = "surely-no-option-of-this-name";

pub(super) fn check(on: &On<'_>) -> Outcome {
    match checked(on) {
        Ok(()) => Outcome::Passed { cases: 1 },
        Err(message) => Outcome::Failed(Violation::told(message)),
    }
}

fn checked(on: &On<'_>) -> Result<(), String> {
    let example = on.subject.example();
    example.check().map_err(|error| format!("check() refuses the example: {error}"))?;
    let Value::Object(table) = example.table().map_err(|error| format!("the example has no JSON form: {error}"))?
    else {
        return Err("the example is not a table".into());
    };
    let text = Value::Object(table.clone()).to_string();
    let again = serde_json::from_str(&text).map_err(|error| format!("the example's JSON cannot be read: {error}"))?;
    let again = on.subject.parse(again).map_err(|error| format!("the example's own JSON is refused: {error}"))?;
    let again = again.table().map_err(|error| error.to_string())?;
    if again != Value::Object(table.clone()) {
        return Err(format!("the example changes when it is written and read: {text} becomes {again}"));
    }
    on.subject.parse(Default::default()).map_err(|error| format!("an empty table is refused: {error}"))?;
    let mut odd = table;
    odd.insert(UNKNOWN.into(), 1.into());
    match on.subject.parse(odd) {
        Ok(_) => Err("an unknown key is accepted; put #[serde(deny_unknown_fields)] on the configuration".into()),
        Err(error) if error.to_string().contains(UNKNOWN) => Ok(()),
        Err(error) => Err(format!("an unknown key is refused by a message that does not name it: {error}")),
    }
}
