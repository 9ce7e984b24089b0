//! Configuration files, as `ebm config check` reads them, without what the environment would set.

use ebm_cli::config::Layers;
use ebm_cli::{Exit, Failure};
use std::fs;
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "run.toml";

pub const READER: Reader = Reader {
    name: "config",
    file: FILE,
    examples,
    words: WORDS,
    generate,
    read,
};

pub const WORDS: &[&str] = &[
    "[train]\n",
    "[compare.pair.\"sv+*\"]\n",
    "[[train]]\n",
    "kind = ",
    "\"none\"",
    "= ",
    "\"",
    "\"\"\"",
    "{ learned = { } }",
    "exponential",
    "[",
    "]",
    "{",
    "}",
    ".",
    "..",
    "\n",
    "\r\n",
    "#",
    "1979-05-27",
    "0x10",
    "1_000",
    "nan",
    "+inf",
    "\u{feff}",
    "\\u0000",
    "\u{1F600}",
    "hidden[0]",
    "optimizer.",
    "true",
    "seed = 1\n",
    "*",
    "+",
];

const SECTIONS: [&str; 12] = [
    "data",
    "generator",
    "energy",
    "lower",
    "upper",
    "train",
    "evaluate",
    "train.energy",
    "train.generator.optimizer",
    "compare.lower.sv",
    "compare.upper.x",
    "compare.pair.\"sv+*\"",
];
const KEYS: [&str; 26] = [
    "kind",
    "hidden",
    "weight",
    "decay",
    "noise",
    "layers",
    "steps",
    "batch",
    "average",
    "optimizer",
    "schedule",
    "variant",
    "solver",
    "activation",
    "path",
    "held_out",
    "delimiter",
    "norm",
    "fourier",
    "projections",
    "quadrature",
    "group",
    "stop",
    "time",
    "t_min",
    "margin",
];
const VALUES: [&str; 24] = [
    "\"gp\"",
    "\"sv\"",
    "\"mi\"",
    "\"diffusion\"",
    "\"none\"",
    "\"mlp\"",
    "\"flow\"",
    "\"csv\"",
    "\"25-gaussians\"",
    "\"log-det\"",
    "[]",
    "[64, 64]",
    "[[1]]",
    "{}",
    "true",
    "\"\"",
    "{ p = 2.0 }",
    "{ exponential = { half_life = 3 } }",
    "{ learned = { start = 0.1, max = 0.2 } }",
    "{ iterative = { steps = 3 } }",
    "{ course = \"cosine\" }",
    "\"a\\nb\"",
    "{ a.b.c = 1 }",
    "1979-05-27T07:32:00Z",
];

fn examples() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut paths: Vec<_> = ["", "baselines", "compare", "pairs", "paper"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    // The order of a folder is the system's.
    paths.sort();
    assert!(paths.len() > 5, "{paths:?}");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Tables, keys and values that exist, put together at random.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..dice.below(6) {
        if dice.once_in(3) {
            text += &format!("{} = {}\n", dice.pick(&SECTIONS), value(dice));
        } else {
            text += &format!("[{}]\n", dice.pick(&SECTIONS));
        }
        for _ in 0..dice.below(4) {
            text += &format!("{} = {}\n", dice.pick(&KEYS), value(dice));
        }
    }
    text.into_bytes()
}

fn value(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => dice.awkward_text(),
        1 => format!("[{}, {}]", dice.awkward_text(), dice.awkward_text()),
        2 => format!("\"{}\"", dice.awkward_text()),
        _ => dice.pick(&VALUES).to_string(),
    }
}

fn read(folder: &Path) -> Result<(), Failure> {
    let resolved = Layers::default().file(&folder.join(FILE)).and_then(Layers::resolve);
    resolved.map(drop).map_err(|fault| Failure::new(Exit::Config, fault))
}
