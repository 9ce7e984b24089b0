use crate::prelude::*;
use ebm_core::registry::DatasetConfig;
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

/// The extensions of tables of text.
const TABLES: [&str; 3] = ["csv", "tsv", "txt"];

/// What separates the values of a table that starts so: a comma, unless the first line has none.
fn delimiter(start: &[u8]) -> char {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    [',', ';', '\t'].into_iter().find(|delimiter| line.contains(&(*delimiter as u8))).unwrap_or(',')
}

fn file(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    let extension_of = |path: &Path| path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let extension = extension_of(path);
    let is_table = |extension: &str| TABLES.contains(&extension);
    let packed_table = [extension.clone(), path.file_stem().and_then(|stem| extension_of(Path::new(stem)))];
    let mut start = Vec::new();
    open(path)?.0.take(4096).read_to_end(&mut start).map_err(unreadable(path))?;
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
        ([0x1f, 0x8b, ..], _) if packed_table.iter().flatten().any(|extension| is_table(extension)) => Err(malformed(
            path,
            "the whole file",
            "it is packed by gzip, in which tables are not read; unpack it: gunzip",
        )),
        ([b'P', b'A', b'R', b'1', ..] | [b'A', b'R', b'R', b'O', b'W', b'1', ..], _) => {
            Err(malformed(path, "the whole file", format!("it is one of {COLUMNAR}")))
        }
        ([0, 0, ..] | [0x1f, 0x8b, ..], _) => at!(Idx, path),
        (_, Some("tsv")) => at!(CsvFile, path, delimiter: '\t'),
        (_, Some(extension)) if is_table(extension) => at!(CsvFile, path, delimiter: delimiter(&start)),
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
        for name in ["a.csv", "a.csv.gz"] {
            refused(told(name, &[0x1f, 0x8b, 8, 0]), &["packed by gzip", "gunzip"]);
        }
        assert_eq!(told("train-images.gz", &[0x1f, 0x8b, 8, 0]).unwrap().typetag_name(), "idx");
    }

    #[test]
    fn the_delimiter_is_that_of_the_first_line() {
        for (start, expected) in [("a,b;c\n1", ','), ("a;b\n1,5;2", ';'), ("a\tb\n", '\t'), ("1\n2,3", ','), ("", ',')]
        {
            assert_eq!(delimiter(start.as_bytes()), expected, "{start:?}");
        }
    }
}
