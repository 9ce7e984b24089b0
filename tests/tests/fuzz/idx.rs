//! Images in IDX files, plain and packed.

use ebm_cli::{Exit, Failure};
use ebm_core::random::Random;
use ebm_core::registry::DatasetSpec;
use ebm_data::Idx;
use std::path::Path;

use super::dice::Dice;
use super::npy::draw_all;
use super::reader::Reader;

const FILE: &str = "images-idx3-ubyte";

pub const READER: Reader = Reader {
    name: "idx",
    file: FILE,
    examples,
    words: &[
        "\0\0\x08\x03",
        "\0\0\x08\x04",
        "\0\0\x08\x01",
        "\0\0\x0d\x03",
        "\0\0\0\x02",
        "\x7f\x7f\x7f\x7f",
        "\x1f",
    ],
    generate,
    read,
};

fn file(sides: &[u32], count: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| bytes.extend(side.to_be_bytes()));
    bytes.extend((0..count).map(|i| (i * 37) as u8));
    bytes
}

/// A gzip file whose content is stored as it is (RFC 1951, 3.2.4), so that its length is known, with a checksum of any kind.
fn stored(content: &[u8], sum: u32) -> Vec<u8> {
    let length = content.len() as u16;
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(content);
    bytes.extend(sum.to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

/// The checksum of gzip (RFC 1952, 8).
fn checksum(content: &[u8]) -> u32 {
    let step = |sum: u32, _| match sum & 1 {
        0 => sum >> 1,
        _ => (sum >> 1) ^ 0xedb8_8320,
    };
    !content
        .iter()
        .fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

fn examples() -> Vec<Vec<u8>> {
    let images = file(&[3, 2, 5], 30);
    let packed = stored(&images, checksum(&images));
    vec![images, file(&[2, 1, 1, 3], 6), packed]
}

/// A header with odd sides, before some bytes, packed or not.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let sides: Vec<u32> = (0..dice.below(6))
        .map(|_| match dice.below(4) {
            0 => dice.awkward() as u32,
            _ => dice.below(5) as u32,
        })
        .collect();
    let whole = sides
        .iter()
        .fold(1u64, |count, side| count.saturating_mul(u64::from(*side)));
    let count = match dice.below(3) {
        0 => dice.below(200),
        _ => whole.min(2000) as usize,
    };
    let mut bytes = file(&sides, count);
    if dice.once_in(8) {
        bytes[2] = dice.next() as u8;
    }
    match dice.below(3) {
        0 => {
            let sum = checksum(&bytes);
            stored(&bytes, if dice.once_in(4) { !sum } else { sum })
        }
        _ => bytes,
    }
}

fn read(folder: &Path) -> Result<(), Failure> {
    let options = Idx {
        path: FILE.into(),
        dequantize: true,
        ..Default::default()
    };
    let loaded = options.load(folder, Random::new(7));
    draw_all(&*loaded.map_err(|error| Failure::new(Exit::Data, error))?);
    Ok(())
}
