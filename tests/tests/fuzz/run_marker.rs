//! The file that says that a directory is a run.

use ebm_cli::run_directory::RunDirectory;
use ebm_cli::{Exit, Failure};
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

pub const FILE: &str = "run.json";
/// A good one.
pub const MARKER: &str = r#"{"format": "ebm run, version 1", "config": "a.toml", "base": "."}"#;

pub const READER: Reader = Reader {
    name: "run-marker",
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
        "\"config\"",
        "null",
        "true",
        "1e999",
        "-",
        "\\u0000",
        "\\ud800",
        "\\",
        "\n",
        "\u{feff}",
        "\u{1F600}",
        "version 2",
    ],
    generate,
    read,
};

fn examples() -> Vec<Vec<u8>> {
    vec![MARKER.into(), MARKER.replace("\", ", "\",\n").into()]
}

/// The right keys in any number and order, with odd values.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let entry = |dice: &mut Dice| {
        let key = dice.pick(&["format", "config", "base", "version"]);
        let value = match dice.below(4) {
            0 => "\"ebm run, version 1\"".to_string(),
            1 => format!("\"{}\"", dice.awkward_text()),
            2 => dice.awkward_text(),
            _ => dice
                .pick(&["[]", "{}", "null", "\"\\u0000\"", "\"\\n\"", "\"../..\""])
                .to_string(),
        };
        format!("\"{key}\": {value}")
    };
    let entries: Vec<_> = (0..dice.below(5)).map(|_| entry(dice)).collect();
    format!("{{{}}}", entries.join(", ")).into_bytes()
}

fn read(folder: &Path) -> Result<(), Failure> {
    RunDirectory::open(folder)
        .map(drop)
        .map_err(|error| Failure::new(Exit::RunDirectory, error))
}
