//! Tables in text files.

use ebm_cli::{Exit, Failure};
use ebm_core::random::Random;
use ebm_core::registry::DatasetSpec;
use ebm_data::{CsvFile, Header};
use std::path::Path;

use super::dice::Dice;
use super::npy::draw_all;
use super::reader::Reader;

const FILE: &str = "numbers.csv";

pub const READER: Reader = Reader {
    name: "csv",
    file: FILE,
    examples,
    words: &[
        ",",
        ";",
        "\t",
        " ",
        "\"",
        "\"\"",
        "\"a,b\"",
        "\"1\n2\"",
        "#",
        "\n",
        "\r",
        "\r\n",
        "\u{feff}",
        "nan",
        "-inf",
        "1e308",
        "1e-320",
        "-0",
        "+",
        "--",
        "1,",
        ",1",
        "a",
        "\0",
        "\u{1F600}",
        "0x1",
        "1_0",
        "infinity",
        "1e400",
    ],
    generate,
    read,
};

fn examples() -> Vec<Vec<u8>> {
    // Their lengths are multiples of eight, for which the options are the defaults: see `options`.
    let texts = [
        "1,2.5\n-3e-2, 4\n",
        "a,b\n1,2\n3,4\n5,6\n",
        "\u{feff}# by hand\n\"x\",\"y, z\"\n\n1,2\r\n\"3\",4\n",
        "1\n2\n3\n",
    ];
    texts
        .map(|text| format!("{text}{}", "\n".repeat(text.len().next_multiple_of(8) - text.len())).into_bytes())
        .into()
}

/// Rows of cells, quoted in wild ways.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let separator = *dice.pick(&[&",", &",", &";", &"\t", &" "]);
    let (rows, width) = (dice.below(8), 1 + dice.few(7));
    let mut text = String::new();
    for _ in 0..rows {
        let width = if dice.once_in(30) { dice.below(9) } else { width };
        let cells: Vec<_> = (0..width).map(|_| cell(dice)).collect();
        text += &cells.join(separator);
        text += dice.pick(&["\n", "\n", "\r\n", "\r", ""]);
    }
    text.into_bytes()
}

fn cell(dice: &mut Dice) -> String {
    let number = (dice.next() as i32).to_string();
    match dice.below(60) {
        0 => format!("\"{number}\""),
        1 => format!("\"{number}"),
        2 => format!("{number}\"\""),
        3 => format!("\" {number},\""),
        4 => dice.awkward_text(),
        5 => format!("{}e{}", number, dice.below(400) as i32 - 200),
        _ => number,
    }
}

/// What an input is read with: a function of the input, so that a kept one says all. The most common are the defaults.
fn options(bytes: u64) -> CsvFile {
    let delimiter = [',', ',', ';', '\t', ',', ' ', ',', ','];
    let header = [Header::Detect, Header::Detect, Header::Detect, Header::Absent];
    CsvFile {
        path: FILE.into(),
        delimiter: delimiter[bytes as usize % 8],
        header: header[bytes as usize / 8 % 4],
        standardize: bytes % 8 >= 6,
        ..Default::default()
    }
}

fn read(folder: &Path) -> Result<(), Failure> {
    let bytes = folder.join(FILE).metadata().unwrap().len();
    let loaded = options(bytes).load(folder, Random::new(7));
    draw_all(&*loaded.map_err(|error| Failure::new(Exit::Data, error))?);
    Ok(())
}
