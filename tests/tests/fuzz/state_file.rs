//! Saved states: safetensors.

use ebm_cli::{Exit, Failure};
use ebm_core::parameter::State;
use ebm_train::state_file;
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "energy.safetensors";

pub const READER: Reader = Reader {
    name: "state-file",
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
        "\"dtype\"",
        "\"F32\"",
        "\"F64\"",
        "\"BF16\"",
        "\"F4\"",
        "\"shape\"",
        "\"data_offsets\"",
        "__metadata__",
        "null",
        "18446744073709551615",
        "-1",
        "1e3",
        "\\u0000",
        "\n",
    ],
    generate,
    read,
};

fn file(header: &str, arrays: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), arrays].concat()
}

fn examples() -> Vec<Vec<u8>> {
    let single = r#"{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let two = r#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F64","shape":[2,1],"data_offsets":[4,20]}}  "#;
    vec![
        file(single, &[0; 24]),
        file(two, &[1; 20]),
        file("{}", &[]),
        file(r#"{"e":{"dtype":"F64","shape":[0,9],"data_offsets":[0,0]}}"#, &[]),
    ]
}

/// Arrays that follow each other as they should, but for one that overlaps, has a gap, or claims an odd size.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let arrays = dice.below(5);
    let odd = dice.below(arrays + 2);
    let (mut entries, mut end) = (Vec::new(), 0u64);
    for index in 0..arrays {
        let (dtype, size) = *dice.pick(&[
            &("F32", 4),
            &("F64", 8),
            &("F32", 4),
            &("F64", 8),
            &("I64", 8),
            &("F4", 1),
            &("BOOL", 1),
        ]);
        let sides: Vec<u64> = (0..dice.below(4)).map(|_| dice.below(4) as u64).collect();
        let mut shape: Vec<String> = sides.iter().map(u64::to_string).collect();
        let start = end;
        end += size * sides.iter().product::<u64>();
        let mut offsets = [start, end];
        if index == odd {
            match dice.below(4) {
                0 => shape.push(dice.awkward_text()),
                1 => shape = (0..1 + dice.below(60)).map(|_| dice.awkward().to_string()).collect(),
                2 => offsets[dice.below(2)] = dice.awkward(),
                _ => offsets = [dice.awkward(), dice.awkward()],
            }
        }
        let name = if dice.once_in(9) { 0 } else { index };
        let shape = shape.join(",");
        entries.push(format!(
            r#""a{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":{offsets:?}}}"#
        ));
    }
    let length = match dice.below(8) {
        0 => dice.below(100),
        _ => end as usize,
    };
    let bytes: Vec<u8> = (0..length).map(|_| dice.next() as u8).collect();
    file(&format!("{{{}}}", entries.join(",")), &bytes)
}

fn read(folder: &Path) -> Result<(), Failure> {
    let state: State = state_file::load(&folder.join(FILE)).map_err(|error| Failure::new(Exit::RunDirectory, error))?;
    for (name, (shape, values)) in &state {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
    }
    Ok(())
}
