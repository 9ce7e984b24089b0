//! The file that says what a checkpoint holds.

use ebm_cli::run_directory::Manifest;
use ebm_cli::{Exit, Failure};
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "manifest.json";
/// A good one.
const MANIFEST: &str = r#"{
  "format": "ebm checkpoint, version 1",
  "progress": {"step": 400, "skipped": 0, "rollbacks": 0, "mark": null, "best": {"value": [1.5, 300], "since": 0}},
  "config": "2da4", "versions": {"ebm": "0.1.0"}, "threads": 2,
  "metrics": {"bytes": 12, "blake3": "ab"}, "seconds": 1.5,
  "watched": {"metric": "nll", "value": -1.5},
  "files": {"energy.safetensors": {"bytes": 10, "blake3": "ff"}}
}"#;

pub const READER: Reader = Reader {
    name: "manifest",
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
        "\"format\"",
        "\"files\"",
        "\"progress\"",
        "\"../../etc/passwd\"",
        "null",
        "18446744073709551616",
        "1e999",
        "-1",
        "\\u0000",
        "\n",
        "version 2",
    ],
    generate,
    read,
};

fn examples() -> Vec<Vec<u8>> {
    let plain = MANIFEST.replace("  \"watched\": {\"metric\": \"nll\", \"value\": -1.5},\n", "");
    vec![
        MANIFEST.into(),
        plain.into(),
        MANIFEST.replacen('{', "{\"later\": [1, {}],", 1).into(),
    ]
}

/// The good one with odd values for one of its keys.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let value = dice.odd_json();
    let key = dice.pick(&[
        "\"400\"",
        "400",
        "0",
        "null",
        "\"2da4\"",
        "12",
        "1.5",
        "\"energy.safetensors\"",
        "10",
        "\"ff\"",
    ]);
    MANIFEST.replacen(key, &value, 1).into_bytes()
}

fn read(folder: &Path) -> Result<(), Failure> {
    Manifest::read(folder)
        .map(drop)
        .map_err(|error| Failure::new(Exit::RunDirectory, error))
}
