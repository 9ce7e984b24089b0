//! Data in binary files: NumPy's arrays and archives, images in IDX files and in those of CIFAR.

use ebm_core::{data::Dataset, random::Random, registry::DatasetSpec};
use ebm_data::{Cifar, Idx, NpyFile};
use ebm_eval::features::Archive;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use std::{fs, path::Path};
use zip::{CompressionMethod, DateTime, ZipWriter, write::FileOptions};

use super::{dice::Dice, harness::Reader};

/// Draws from data that was accepted: it must be usable.
pub fn draw_all(data: &dyn Dataset) {
    let rows = data.len().unwrap();
    let values = [data.draw(rows, Random::new(1)), data.held_out(rows, Random::new(1))].concat();
    assert!(values.len() > rows * data.width());
    assert!(values.iter().all(|value| value.is_finite()), "a value is not finite");
}

fn load(options: &impl DatasetSpec, folder: &Path) -> anyhow::Result<()> {
    draw_all(&*options.load(folder, Random::new(7))?);
    Ok(())
}

pub const NPY: Reader = Reader {
    name: "npy",
    file: "numbers.npy",
    examples: || {
        let floats: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let doubles: Vec<u8> = (0..6).flat_map(|i| f64::from(i).to_be_bytes()).collect();
        vec![
            npy(1, &header("'<f4'", "False", "(3, 2)"), &floats),
            npy(2, &header("'>f8'", "True", "(2, 3)"), &doubles),
            npy(3, &header("'|u1'", "False", "(6,)"), &[1, 2, 3, 4, 5, 6]),
            npy(1, &header("'<i2'", "False", "(6, 2)"), &floats),
        ]
    },
    words: "'descr'  'fortran_order':  True  False  'shape':  (3, 2)  (,)  (  )  [  ]  {  }  ,  :  '  \"  '<f8'  '>i2'  '|O'  \
        '|V99999999999999999999'  L  -1  b'  \\N{  \\U00110000  0b1  1j  None  \x02\0  \x03\0  \u{feff}",
    generate: odd_array,
    read: |folder| {
        let bytes = folder.join("numbers.npy").metadata()?.len();
        let options = NpyFile { path: "numbers.npy".into(), standardize: bytes % 4 == 3, ..Default::default() };
        load(&options, folder)
    },
};

/// A file of version 1.0, 2.0 or 3.0.
fn npy(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
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

/// A header with the right keys, whose values are odd.
fn odd_array(dice: &mut Dice) -> Vec<u8> {
    let kinds = "'<f4'  '<f8'  '>f4'  '|i1'  '<i8'  '>u4'  '<u2'  '<f2'  '<c8'  '|O'  '<U4'  '|S0'  '<m8[ns]'  \
        [('a', '<f4')]  [('a', '<f4', (2, 3))]  [('a', [('b', '<f4')])]  ''  '<'  3";
    let descr = match dice.below(6) {
        0 => format!("'<{}{}'", dice.word("f  V  U  S  i  O  ?"), dice.awkward()),
        1 => format!("[('a', '<f4', ({}, {}))]", dice.awkward(), dice.awkward()),
        _ => dice.word(kinds).to_string(),
    };
    let fortran = dice.word("True  False  False  0  None");
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
    npy(1 + dice.below(3) as u8, &header, &data)
}

pub const NPZ: Reader = Reader {
    name: "npz",
    file: "features.npz",
    examples: || {
        // Written by NumPy.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ebm-cli/eval/tests/fixtures/metrics");
        ["real.npz", "real-moments.npz"].map(|file| fs::read(folder.join(file)).unwrap()).into()
    },
    words: "PK\x01\x02  PK\x03\x04  PK\x05\x06  PK\x06\x06  PK\x06\x07  features.npy  mu.npy  sigma.npy  ../mu.npy  \x08\0  \
        \x01\0\x10\0  \u{ff}\u{ff}",
    generate: |dice| {
        // A complete archive, of odd arrays.
        let name = |dice: &mut Dice| dice.word("features  mu  sigma  mu  sigma  arr_0  ").to_string() + ".npy";
        let entries: Vec<_> = (0..dice.below(4)).map(|_| (name(dice), odd_array(dice))).collect();
        archive(&entries, dice)
    },
    read: |folder| {
        let file = folder.join("features.npz");
        // As `ebm distance` names the file.
        let told = |error| anyhow::anyhow!("{}: {error}", file.display());
        let moments = Archive::read(&file)?.moments().map_err(told)?;
        assert_eq!(moments.covariance().len(), moments.width() * moments.width());
        Ok(())
    },
};

/// An archive that compresses nothing. Now and then an entry claims another size than it has.
fn archive(entries: &[(String, Vec<u8>)], dice: &mut Dice) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = FileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        writer.start_file(name, options.last_modified_time(DateTime::default())).unwrap();
        writer.write_all(content).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    for at in 0..bytes.len() {
        // The size of an entry in the directory at the end.
        if bytes[at..].starts_with(b"PK\x01\x02") && dice.once_in(8) {
            bytes[at + 24..at + 28].copy_from_slice(&(dice.awkward() as u32).to_le_bytes());
        }
    }
    bytes
}

pub const IDX: Reader = Reader {
    name: "idx",
    file: "images-idx3-ubyte",
    examples: || {
        let images = idx(&[3, 2, 5], 30);
        vec![packed(&images, false), images, idx(&[2, 1, 1, 3], 6)]
    },
    words: "\0\0\x08\x03  \0\0\x08\x04  \0\0\x08\x01  \0\0\x0d\x03  \0\0\0\x02  \x7f\x7f\x7f\x7f  \x1f",
    generate: |dice| {
        // A header with odd sides, before some bytes, packed or not.
        let side = |dice: &mut Dice| match dice.below(4) {
            0 => dice.awkward() as u32,
            _ => dice.below(5) as u32,
        };
        let sides: Vec<u32> = (0..dice.below(6)).map(|_| side(dice)).collect();
        let whole = sides.iter().fold(1u64, |count, side| count.saturating_mul(u64::from(*side)));
        let count = match dice.below(3) {
            0 => dice.below(200),
            _ => whole.min(2000) as usize,
        };
        let mut bytes = idx(&sides, count);
        if dice.once_in(8) {
            bytes[2] = dice.next() as u8;
        }
        if dice.once_in(3) {
            bytes = packed(&bytes, dice.once_in(4));
        }
        bytes
    },
    read: |folder| {
        let options = Idx { path: "images-idx3-ubyte".into(), dequantize: true, ..Default::default() };
        load(&options, folder)
    },
};

fn idx(sides: &[u32], count: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| bytes.extend(side.to_be_bytes()));
    bytes.extend((0..count).map(|i| (i * 37) as u8));
    bytes
}

/// A gzip file whose content is stored as it is, so that its length is known; with another checksum if it is `damaged`.
fn packed(content: &[u8], damaged: bool) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(content).unwrap();
    let mut bytes = encoder.finish().unwrap();
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= u8::from(damaged);
    bytes
}

pub const CIFAR: Reader = Reader {
    name: "cifar",
    file: "train.bin",
    examples: || vec![records(1, |_| 7), records(2, |i| (i % 20) as u8)],
    words: "\x63\x63  \x13\0  \0\0\0\0  \x1f",
    generate: |dice| {
        // Records with odd labels, and sometimes a part of one more.
        let odd = dice.next() as u8;
        let largest = 1 + dice.below(130) as u8;
        let mut bytes = records(dice.below(4), |i| (i as u8 ^ odd) % largest);
        if dice.once_in(3) {
            bytes.truncate(dice.below(bytes.len() + 1));
        }
        bytes
    },
    read: |folder| {
        // The held-out part is good, so that an error is about the file at hand.
        fs::write(folder.join("test.bin"), records(1, |_| 7))?;
        let options = Cifar { path: "".into(), ..Default::default() };
        load(&options, folder)
    },
};

/// Records of two labels and an image each.
fn records(count: usize, label: impl Fn(usize) -> u8) -> Vec<u8> {
    const RECORD: usize = 2 + 3072;
    let byte = |i: usize| match i % RECORD {
        0 | 1 => label(i),
        place => (place * 7) as u8,
    };
    (0..count * RECORD).map(byte).collect()
}
