//! The configuration that a run keeps, as `ebm evaluate` reads it back.

use ebm_cli::config::Layers;
use ebm_cli::run_directory::RunDirectory;
use ebm_cli::{Exit, Failure};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use super::config;
use super::dice::Dice;
use super::mutation::mutated;
use super::reader::Reader;
use super::run_marker;

const FILE: &str = "config.toml";

pub const READER: Reader = Reader {
    name: "run-config",
    file: FILE,
    examples,
    words: config::WORDS,
    generate,
    read,
};

/// The resolved forms of two configurations, with all their defaults.
fn examples() -> Vec<Vec<u8>> {
    let texts = ["", "generator = \"flow\"\nlower = \"none\"\nupper = \"zero-gp\""];
    let resolved = |text: &str| {
        let layers = Layers::default().toml(ebm_cli::config::Origin::Default, text);
        let config = layers.and_then(Layers::resolve).unwrap().config;
        toml::to_string(&config).unwrap().into_bytes()
    };
    texts.map(resolved).into()
}

/// A resolved form in which single numbers and names are others.
fn generate(dice: &mut Dice) -> Vec<u8> {
    static EXAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let examples = EXAMPLES.get_or_init(examples);
    let example = examples[dice.below(examples.len())].clone();
    let lines: Vec<_> = String::from_utf8(example)
        .unwrap()
        .lines()
        .map(str::to_string)
        .collect();
    let changed = dice.below(lines.len());
    let text = lines
        .iter()
        .enumerate()
        .map(|(index, line)| match (line.split_once(" = "), index == changed) {
            (Some((key, _)), true) => format!("{key} = {}\n", dice.awkward_text()),
            _ => format!("{line}\n"),
        });
    let text: String = text.collect();
    match dice.once_in(4) {
        true => mutated(dice, &[text.into_bytes()], config::WORDS),
        false => text.into_bytes(),
    }
}

fn read(folder: &Path) -> Result<(), Failure> {
    let marker = folder.join(run_marker::FILE);
    if !marker.exists() {
        fs::write(marker, run_marker::MARKER).unwrap();
    }
    let opened = RunDirectory::open(folder).and_then(|(directory, _)| directory.read_config());
    opened
        .map(drop)
        .map_err(|error| Failure::new(Exit::RunDirectory, error))
}
