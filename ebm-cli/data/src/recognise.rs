use crate::prelude::*;
use ebm_core::registry::DatasetConfig;
use std::io::Read;

use super::images::{Cifar, Idx, ImageFolder, Npz};
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
    } else {
        at!(ImageFolder, path)
    }
}

fn file(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let mut start = Vec::new();
    open(path)?.0.take(256).read_to_end(&mut start).map_err(unreadable(path))?;
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
        ([0, 0, ..] | [0x1f, 0x8b, ..], _) => at!(Idx, path),
        (_, Some("tsv")) => at!(CsvFile, path, delimiter: '\t'),
        (_, Some("csv" | "txt")) => at!(CsvFile, path),
        _ => Err(malformed(
            path,
            "the whole file",
            "it is of no known format; expected IDX (packed by gzip or not), NPZ, NPY or CSV, or a folder: of MNIST's four files, \
             of CIFAR's binary batches, of NPZ files, or of PNG and JPEG files",
        )),
    }
}
