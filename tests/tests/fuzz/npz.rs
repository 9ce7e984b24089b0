//! Features in NumPy's archives.

use ebm_cli::{Exit, Failure};
use ebm_eval::features::Archive;
use std::path::Path;

use super::dice::Dice;
use super::npy;
use super::reader::Reader;

const FILE: &str = "features.npz";

pub const READER: Reader = Reader {
    name: "npz",
    file: FILE,
    examples,
    words: &[
        "PK\x01\x02",
        "PK\x03\x04",
        "PK\x05\x06",
        "PK\x06\x06",
        "PK\x06\x07",
        "features.npy",
        "mu.npy",
        "sigma.npy",
        "../mu.npy",
        "\x08\0",
        "\x01\0\x10\0",
        "\u{ff}\u{ff}",
    ],
    generate,
    read,
};

/// What NumPy wrote.
fn examples() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ebm-cli/eval/tests/fixtures/metrics");
    let files = ["real.npz", "real-moments.npz"];
    files
        .iter()
        .map(|file| std::fs::read(folder.join(file)).unwrap())
        .collect()
}

/// An archive that is whole, of arrays that are odd.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let names = ["features", "mu", "sigma", "mu", "sigma", "arr_0", ""];
    let entries: Vec<(String, Vec<u8>)> = (0..dice.below(4))
        .map(|_| (format!("{}.npy", dice.pick(&names)), npy::generate(dice)))
        .collect();
    archive(&entries, dice)
}

/// An archive that compresses nothing. Now and then it claims another size than it has.
fn archive(entries: &[(String, Vec<u8>)], dice: &mut Dice) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let offset = bytes.len() as u32;
        let claimed = match dice.once_in(8) {
            true => dice.awkward() as u32,
            false => content.len() as u32,
        };
        let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        fields.extend(checksum(content).to_le_bytes());
        fields.extend((content.len() as u32).to_le_bytes());
        fields.extend(claimed.to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name.bytes());
        bytes.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (count, start) = ((entries.len() as u16).to_le_bytes(), bytes.len() as u32);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// CRC-32 as archives have it.
fn checksum(bytes: &[u8]) -> u32 {
    let bit = |sum: u32| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum));
    !bytes.iter().fold(u32::MAX, byte)
}

fn read(folder: &Path) -> Result<(), Failure> {
    let file = folder.join(FILE);
    let archive = Archive::read(&file).map_err(|error| Failure::new(Exit::Data, error))?;
    // As `ebm distance` tells the file.
    let told = |error| Failure::message(Exit::Data, format!("{}: {error}", file.display()));
    let moments = archive.moments().map_err(told)?;
    assert_eq!(moments.covariance().len(), moments.width() * moments.width());
    Ok(())
}
