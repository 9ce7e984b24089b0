//! Files of sweeps, as `ebm sweep --dry-run` reads them, without the data and without what the environment would set.

use ebm_cli::config::Sweep;
use ebm_cli::{Exit, Failure};
use std::fs;
use std::path::Path;

use super::config;
use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "spec.toml";
/// Points that are resolved of each input.
const RESOLVED: usize = 8;

pub const READER: Reader = Reader {
    name: "sweep",
    file: FILE,
    examples,
    words: config::WORDS,
    generate,
    read,
};

const KEYS: [&str; 8] = [
    "upper",
    "\"upper.weight\"",
    "upper.weight",
    "train.batch",
    "energy.hidden",
    "seed",
    "a..b",
    "\"train.steps\"",
];
const RANGES: [&str; 6] = [
    "{ log = [1e-5, 1e-2] }",
    "{ linear = [2, 100] }",
    "{ linear = [-1e308, 1e308] }",
    "{ log = [0, 1] }",
    "{ log = { x = [1, 2] } }",
    "{ linear = 3 }",
];
const TOP: [&str; 10] = [
    "base = \"other.toml\"",
    "seeds = 3",
    "seeds = [1, 2]",
    "seeds = 10000",
    "name = \"a b\"",
    "point = [{}]",
    "config.lower = \"mi\"",
    "config.train.steps = 4",
    "slurm = { time = \"1-0\", cpus = 3 }",
    "local.jobs = 0",
];

/// The example without its base, which is not beside the input.
fn examples() -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sweeps/penalty.toml");
    let text = fs::read_to_string(path).unwrap();
    let alone: String = text
        .lines()
        .filter(|line| !line.starts_with("base"))
        .map(|line| format!("{line}\n"))
        .collect();
    let drawn = "[random]\nsamples = 3\n[random.range]\ntrain.batch = { linear = [2, 9] }\n\"upper.weight\" = { log = [0.1, 1] }\n";
    vec![alone.into(), drawn.into()]
}

/// Parts and keys that exist, put together at random.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..dice.below(4) {
        text += &format!("{}\n", dice.pick(&TOP));
    }
    for _ in 0..dice.below(4) {
        let part = dice.pick(&[
            "[grid]",
            "[[point]]",
            "[random]\nsamples = 3\n[random.range]",
            "[config]",
        ]);
        text += &format!("{part}\n");
        for _ in 0..dice.below(4) {
            let (a, b) = (dice.awkward_text(), dice.awkward_text());
            let value = match dice.below(6) {
                0 => a,
                1 => format!("[{a}]"),
                2 => format!("[{a}, {b}]"),
                3 => "[\"gp\", \"none\", { kind = \"zero-gp\" }]".into(),
                4 => format!("{{ linear = [{a}, {b}] }}"),
                _ => dice.pick(&RANGES).to_string(),
            };
            text += &format!("{} = {value}\n", dice.pick(&KEYS));
        }
    }
    text.into_bytes()
}

fn read(folder: &Path) -> Result<(), Failure> {
    let read = || {
        let sweep = Sweep::load(&folder.join(FILE), &[])?;
        let seed = sweep.seeds[0];
        let mut points = sweep.points.iter().take(RESOLVED);
        points.try_for_each(|point| sweep.resolve(point, seed).map(drop))
    };
    read().map_err(|fault| Failure::new(Exit::Config, fault))
}
