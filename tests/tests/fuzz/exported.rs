//! A trained model in one file.

use ebm_cli::run_directory::Exported;
use ebm_cli::{Exit, Failure};
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "model.safetensors";
const CONFIG: &str = "seed = 0\n[data]\nkind = \"25-gaussians\"\n[generator]\nkind = \"mlp\"\n[energy]\nkind = \"mlp\"\n[lower]\nkind = \"sv\"\n[upper]\nkind = \"gp\"\n[train]\nsteps = 5\n[evaluate]\n";
const MODEL: &str = r#"{"steps":5,"data":{"width":2,"standardization":null,"columns":null}}"#;
const FORMAT: &str = "ebm model, version 1";
const ARRAY: &str = r#""energy/w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;

pub const READER: Reader = Reader {
    name: "exported",
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
        "\\\"",
        "__metadata__",
        "ebm.format",
        "ebm.config",
        "ebm.model",
        "kind = ",
        "null",
        "18446744073709551615",
        "\\u0000",
        "\\n",
        "version 2",
        "/",
    ],
    generate,
    read,
};

fn file(format: &str, config: &str, model: &str, array: &str) -> Vec<u8> {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let header = format!(
        "{{\"__metadata__\":{{\"ebm.format\":{},\"ebm.config\":{},\"ebm.model\":{}}},{array}}}",
        text(format),
        text(config),
        text(model)
    );
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &[0; 8]].concat()
}

fn examples() -> Vec<Vec<u8>> {
    let two = r#""energy/w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"generator/v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#;
    vec![file(FORMAT, CONFIG, MODEL, ARRAY), file(FORMAT, CONFIG, MODEL, two)]
}

/// A whole file with one odd part.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let odd = dice.awkward_text();
    match dice.below(5) {
        0 => file(&odd, CONFIG, MODEL, ARRAY),
        1 => file(
            FORMAT,
            &CONFIG.replacen(dice.pick(&["mlp", "0", "25-gaussians", "[train]", "5"]), &odd, 1),
            MODEL,
            ARRAY,
        ),
        2 => file(
            FORMAT,
            CONFIG,
            &MODEL.replacen(dice.pick(&["5", "2", "null", "steps"]), &odd, 1),
            ARRAY,
        ),
        3 => file(
            FORMAT,
            CONFIG,
            MODEL,
            &ARRAY.replacen(dice.pick(&["energy/w", "F32", "[2]", "8", "/"]), &odd, 1),
        ),
        _ => file(FORMAT, CONFIG, MODEL, ARRAY),
    }
}

fn read(folder: &Path) -> Result<(), Failure> {
    Exported::read(&folder.join(FILE))
        .map(drop)
        .map_err(|error| Failure::new(Exit::RunDirectory, error))
}
