//! The figures of a run, read back line by line.

use ebm_cli::run_directory::MetricsReader;
use ebm_cli::{Exit, Failure};
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "metrics.jsonl";
/// Good ones.
const LINES: &str = concat!(
    r#"{"step":1,"event":"training","metrics":{"lower":{"value":2.79,"unit":"nats","standard_error":0.07,"samples":256,"guarantee":{"level":"certified","reason":"exact"}},"energy_loss":{"value":null,"unit":"nats","standard_error":null,"samples":null,"guarantee":null}}}"#,
    "\n",
    r#"{"step":2,"event":"fault","reason":"E_data[E] is NaN","remedy":{"rolled-back":{"to":1,"times":1}}}"#,
    "\n",
    r#"{"step":3,"event":"evaluation","metrics":{},"sandwich":{"nll":2.1,"lower":{"held":true,"excess":-0.02,"tolerance":0.06,"bound":2.0,"guarantee":{"level":"certified","reason":"exact"}},"gap":[0.4,0.01]}}"#,
    "\n"
);

pub const READER: Reader = Reader {
    name: "metrics",
    file: FILE,
    examples,
    words: &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\"step\"",
        "\"event\"",
        "\"metrics\"",
        "\"remedy\"",
        "null",
        "1e999",
        "-1",
        "\\u0000",
        "\n",
        "\n\n",
        "\r",
    ],
    generate,
    read,
};

fn examples() -> Vec<Vec<u8>> {
    let later = "{\"step\":4,\"event\":\"of a later version\",\"metrics\":7}\n";
    vec![
        LINES.into(),
        format!("{LINES}{later}").into(),
        Vec::new(),
        LINES[..LINES.len() - 9].into(),
    ]
}

/// Good lines with odd values in them.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let value = dice.odd_json();
    let key = dice.pick(&[
        "1",
        "2.79",
        "\"nats\"",
        "256",
        "\"certified\"",
        "{}",
        "true",
        "[0.4,0.01]",
        "\"training\"",
        "null",
    ]);
    LINES.replacen(key, &value, 1).into_bytes()
}

fn read(folder: &Path) -> Result<(), Failure> {
    let fail = |error| Failure::new(Exit::RunDirectory, error);
    for line in MetricsReader::open(folder).map_err(fail)? {
        let line = line.map_err(fail)?;
        drop((line.report(), line.evaluation()));
    }
    Ok(())
}
