//! Tables in NumPy's binary files.

use ebm_cli::{Exit, Failure};
use ebm_core::data::Dataset;
use ebm_core::random::Random;
use ebm_core::registry::DatasetSpec;
use ebm_data::NpyFile;
use std::path::Path;

use super::dice::Dice;
use super::reader::Reader;

const FILE: &str = "numbers.npy";

pub const READER: Reader = Reader {
    name: "npy",
    file: FILE,
    examples,
    words: &[
        "'descr'",
        "'fortran_order': ",
        "True",
        "False",
        "'shape': ",
        "(3, 2)",
        "(,)",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "'",
        "\"",
        "'<f8'",
        "'>i2'",
        "'|O'",
        "'|V99999999999999999999'",
        "L",
        "-1",
        "b'",
        "\\N{",
        "\\U00110000",
        "0b1",
        "1j",
        "None",
        "\x02\0",
        "\x03\0",
        "\u{feff}",
    ],
    generate,
    read,
};

/// A file of version 1.0, 2.0 or 3.0.
fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}   \n")
}

fn examples() -> Vec<Vec<u8>> {
    let floats: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let doubles: Vec<u8> = (0..6).flat_map(|i| f64::from(i).to_be_bytes()).collect();
    vec![
        file(1, &header("'<f4'", "False", "(3, 2)"), &floats),
        file(2, &header("'>f8'", "True", "(2, 3)"), &doubles),
        file(3, &header("'|u1'", "False", "(6,)"), &[1, 2, 3, 4, 5, 6]),
        file(1, &header("'<i2'", "False", "(6, 2)"), &floats),
    ]
}

/// A header with the right keys, whose values are odd.
pub(super) fn generate(dice: &mut Dice) -> Vec<u8> {
    let kinds = [
        "'<f4'",
        "'<f8'",
        "'>f4'",
        "'|i1'",
        "'<i8'",
        "'>u4'",
        "'<u2'",
        "'<f2'",
        "'<c8'",
        "'|O'",
        "'<U4'",
        "'|S0'",
        "'<m8[ns]'",
        "[('a', '<f4')]",
        "[('a', '<f4', (2, 3))]",
        "[('a', [('b', '<f4')])]",
        "''",
        "'<'",
        "3",
    ];
    let descr = match dice.below(6) {
        0 => format!(
            "'<{}{}'",
            dice.pick(&["f", "V", "U", "S", "i", "O", "?"]),
            dice.awkward()
        ),
        1 => format!("[('a', '<f4', ({}, {}))]", dice.awkward(), dice.awkward()),
        _ => dice.pick(&kinds).to_string(),
    };
    let fortran = dice.pick(&["True", "False", "False", "0", "None"]);
    let side = |dice: &mut Dice| match dice.below(3) {
        0 => dice.awkward_text(),
        _ => dice.below(7).to_string(),
    };
    let sides: Vec<_> = (0..dice.below(4)).map(|_| side(dice)).collect();
    let shape = match dice.below(5) {
        0 => format!("[{}]", sides.join(", ")),
        1 => format!("({},)", side(dice)),
        _ => format!("({})", sides.join(", ")),
    };
    let header = header(&descr, fortran, &shape);
    let data: Vec<u8> = (0..dice.below(200)).map(|_| dice.next() as u8 & 0x3f).collect();
    file(1 + dice.below(3) as u8, &header, &data)
}

fn read(folder: &Path) -> Result<(), Failure> {
    let bytes = folder.join(FILE).metadata().unwrap().len();
    let options = NpyFile {
        path: FILE.into(),
        standardize: bytes % 4 == 3,
        ..Default::default()
    };
    let loaded = options.load(folder, Random::new(7));
    draw_all(&*loaded.map_err(|error| Failure::new(Exit::Data, error))?);
    Ok(())
}

/// Draws from data that was accepted: it must be of use.
pub fn draw_all(data: &dyn Dataset) {
    let rows = data.len().unwrap();
    let values = [data.draw(rows, Random::new(1)), data.held_out(rows, Random::new(1))].concat();
    assert!(values.len() > rows * data.width());
    assert!(values.iter().all(|value| value.is_finite()), "a value is not finite");
}
