use crate::prelude::*;
use ebm_core::registry::DatasetConfig;
use flate2::read::MultiGzDecoder;
use std::io::Read;

use super::images::{Cifar, Idx, ImageFolder, Npz};
use super::unread_layout::{COLUMNAR, unread_layout};
use super::{CsvFile, NpyFile};

/// A configuration with its defaults for a path.
macro_rules! at {
    ($kind:ident, $path:expr $(, $option:ident: $value:expr)*) => {
        Ok(Box::new($kind {
            path: $path.into(),
            $($option: $value,)*
            ..Default::default()
        }))
    };
}

/// A configuration that reads what is at a path, with the defaults of its kind and every image as it is.
///
/// # Errors
/// If there is nothing, or nothing that any kind reads.
pub fn recognise(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    if !path.is_dir() {
        file(path)
    } else if Idx::recognises(path) {
        at!(Idx, path)
    } else if Cifar::recognises(path) {
        at!(Cifar, path, flip: false)
    } else if Npz::recognises(path) {
        at!(Npz, path)
    } else if let Some(reason) = unread_layout(path) {
        Err(malformed(path, "the whole folder", reason))
    } else {
        at!(ImageFolder, path)
    }
}

/// Bytes of a file that are looked at.
const START: u64 = 4096;
/// The extensions of tables of text.
const TABLES: [&str; 3] = ["csv", "tsv", "txt"];

/// What separates the values of a table that starts so, and its decimal sign: by its first two lines.
fn signs(start: &[u8]) -> (char, char) {
    let lines: Vec<&[u8]> = start.split(|byte| *byte == b'\n').take(2).collect();
    let has = |sign: char| lines.iter().any(|line| line.contains(&(sign as u8)));
    match [';', '\t'].into_iter().find(|delimiter| lines[0].contains(&(*delimiter as u8))) {
        // A name of a column may hold such a sign where commas separate.
        Some(delimiter) if lines[1..].iter().all(|line| line.is_empty() || line.contains(&(delimiter as u8))) => {
            (delimiter, if has(',') && !has('.') { ',' } else { '.' })
        }
        _ => (',', '.'),
    }
}

/// The first bytes of a file, unpacked if it is packed.
fn unpacked(start: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The end is missing.
    let _ = MultiGzDecoder::new(start).take(START).read_to_end(&mut bytes);
    bytes
}

fn file(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    let extension_of = |path: &Path| path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let extension = extension_of(path);
    let is_table = |extension: &str| TABLES.contains(&extension);
    let packed_table = [extension.clone(), path.file_stem().and_then(|stem| extension_of(Path::new(stem)))];
    let mut start = Vec::new();
    open(path)?.0.take(START).read_to_end(&mut start).map_err(unreadable(path))?;
    match (&start[..], extension.as_deref()) {
        ([b'P', b'K', ..], _) => at!(Npz, path),
        // A table unless it has the axes, or the elements, of images.
        ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) => {
            let text = String::from_utf8_lossy(&start);
            let axes = text.split_once("'shape'").map_or(0, |(_, shape)| {
                let inside = shape.split(['(', ')']).nth(1).unwrap_or_default();
                inside.split(',').filter(|side| !side.trim().is_empty()).count()
            });
            if axes > 2 { at!(Npz, path) } else { at!(NpyFile, path) }
        }
        ([0x1f, 0x8b, ..], _) if packed_table.iter().flatten().any(|extension| is_table(extension)) => {
            let (delimiter, decimal) = signs(&unpacked(&start));
            at!(CsvFile, path, delimiter: delimiter, decimal: decimal)
        }
        ([b'P', b'A', b'R', b'1', ..] | [b'A', b'R', b'R', b'O', b'W', b'1', ..], _) => {
            Err(malformed(path, "the whole file", format!("it is one of {COLUMNAR}")))
        }
        ([0, 0, ..] | [0x1f, 0x8b, ..], _) => at!(Idx, path),
        (_, Some(extension)) if is_table(extension) => {
            let (delimiter, decimal) = signs(&start);
            at!(CsvFile, path, delimiter: delimiter, decimal: decimal)
        }
        _ => Err(malformed(
            path,
            "the whole file",
            "it is of no known format; expected IDX (packed by gzip or not), NPZ, NPY or CSV, or a folder: of MNIST's four files, \
             of CIFAR's binary batches, of NPZ files, or of PNG, JPEG, WebP, BMP or TIFF files",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::refused;

    fn told(name: &str, bytes: &[u8]) -> Result<Box<dyn DatasetConfig>, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        recognise(if name.contains('/') || !name.contains('.') { folder.path() } else { path.as_path() })
    }

    #[test]
    fn layouts_that_are_not_read_are_named_with_what_to_do() {
        refused(told("a.parquet", b"PAR1..."), &["a.parquet", "one of Parquet or Arrow files", "to_csv"]);
        refused(told("MNIST/raw/train-images-idx3-ubyte", b"x"), &["name that: ", "MNIST/raw"]);
        assert_eq!(told("train-images.gz", &[0x1f, 0x8b, 8, 0]).unwrap().typetag_name(), "idx");
    }

    #[test]
    fn a_table_may_be_packed() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, b"a;b\n1,5;2\n2,5;3\n").unwrap();
        let packed = packed.finish().unwrap();
        for name in ["a.csv", "a.csv.gz"] {
            let config = serde_json::to_value(told(name, &packed).unwrap()).unwrap();
            assert_eq!(
                (&config["kind"], &config["delimiter"], &config["decimal"]),
                (&"csv".into(), &";".into(), &",".into())
            );
        }
    }

    #[test]
    fn the_delimiter_and_the_decimal_sign_are_those_of_the_first_lines() {
        for (start, expected) in [
            ("a,b;c\n1,2", (',', '.')),
            ("a;b\n1,5;2", (';', ',')),
            ("1.5;2\n", (';', '.')),
            ("a\tb\n1.5\t2", ('\t', '.')),
            ("1\n2,3", (',', '.')),
            ("", (',', '.')),
        ] {
            assert_eq!(signs(start.as_bytes()), expected, "{start:?}");
        }
    }
}
