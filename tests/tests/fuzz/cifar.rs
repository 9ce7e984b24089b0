//! Images of CIFAR in their binary format.

use ebm_cli::{Exit, Failure};
use ebm_core::random::Random;
use ebm_core::registry::DatasetSpec;
use ebm_data::Cifar;
use std::fs;
use std::path::Path;

use super::dice::Dice;
use super::npy::draw_all;
use super::reader::Reader;

const FILE: &str = "train.bin";
/// Two labels and an image.
const RECORD: usize = 2 + 3072;

pub const READER: Reader = Reader {
    name: "cifar",
    file: FILE,
    examples,
    words: &["\x63\x63", "\x13\0", "\0\0\0\0", "\x1f"],
    generate,
    read,
};

fn records(count: usize, label: impl Fn(usize) -> u8) -> Vec<u8> {
    let byte = |i: usize| match i % RECORD {
        0 | 1 => label(i),
        place => (place * 7) as u8,
    };
    (0..count * RECORD).map(byte).collect()
}

fn examples() -> Vec<Vec<u8>> {
    vec![records(1, |_| 7), records(2, |i| (i % 20) as u8)]
}

/// Records with odd labels, and sometimes a part of one more.
fn generate(dice: &mut Dice) -> Vec<u8> {
    let odd = dice.next() as u8;
    let largest = 1 + dice.below(130) as u8;
    let mut bytes = records(dice.below(4), |i| (i as u8 ^ odd) % largest);
    if dice.once_in(3) {
        bytes.truncate(dice.below(bytes.len() + 1));
    }
    bytes
}

fn read(folder: &Path) -> Result<(), Failure> {
    // What is held out is good, so that an error is about the file at hand.
    fs::write(folder.join("test.bin"), records(1, |_| 7)).unwrap();
    let options = Cifar {
        path: "".into(),
        ..Default::default()
    };
    let loaded = options.load(folder, Random::new(7));
    draw_all(&*loaded.map_err(|error| Failure::new(Exit::Data, error))?);
    Ok(())
}
