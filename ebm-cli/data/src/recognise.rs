//! Which data set a path holds.

use ebm_core::data::DataError;
use ebm_core::registry::DatasetConfig;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::images::{Cifar, Idx, ImageFolder, Npz};
use super::table::{malformed, open};
use super::{CsvFile, NpyFile};

/// A configuration that reads what is at a path, with the defaults of its kind and every image as it is.
///
/// # Errors
/// If there is nothing, or nothing that any kind reads.
pub fn recognise(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    match path.is_dir() {
        true => folder(path),
        false => file(path),
    }
}

fn folder(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    let own = path.to_path_buf();
    if Idx::recognises(path) {
        return Ok(Box::new(Idx {
            path: own,
            ..Default::default()
        }));
    }
    if Cifar::recognises(path) {
        return Ok(Box::new(Cifar {
            path: own,
            flip: false,
            ..Default::default()
        }));
    }
    if Npz::recognises(path) {
        return Ok(Box::new(Npz {
            path: own,
            ..Default::default()
        }));
    }
    Ok(Box::new(ImageFolder {
        path: own,
        ..Default::default()
    }))
}

fn file(path: &Path) -> Result<Box<dyn DatasetConfig>, DataError> {
    let own = path.to_path_buf();
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    let start = start_of(path)?;
    match (&start[..], extension.as_deref()) {
        ([b'P', b'K', ..], _) => Ok(Box::new(Npz {
            path: own,
            ..Default::default()
        })),
        // A table unless it has the axes, or the elements, of images.
        ([0x93, b'N', b'U', b'M', b'P', b'Y', ..], _) => {
            let text = String::from_utf8_lossy(&start);
            let axes = text.split_once("'shape'").map_or(0, |(_, shape)| {
                let inside = shape.split(['(', ')']).nth(1).unwrap_or_default();
                inside.split(',').filter(|side| !side.trim().is_empty()).count()
            });
            match axes > 2 {
                true => Ok(Box::new(Npz {
                    path: own,
                    ..Default::default()
                })),
                false => Ok(Box::new(NpyFile {
                    path: own,
                    ..Default::default()
                })),
            }
        }
        ([0, 0, ..] | [0x1f, 0x8b, ..], _) => Ok(Box::new(Idx {
            path: own,
            ..Default::default()
        })),
        (_, Some("csv" | "txt" | "tsv")) => Ok(Box::new(CsvFile {
            path: own,
            delimiter: if extension.as_deref() == Some("tsv") { '\t' } else { ',' },
            ..Default::default()
        })),
        _ => Err(malformed(
            path,
            "the whole file",
            "it is of no known format; expected IDX (packed by gzip or not), NPZ, NPY or CSV, or a folder: of MNIST's four files, \
             of CIFAR's binary batches, of NPZ files, or of PNG and JPEG files",
        )),
    }
}

/// The first bytes of a file.
fn start_of(path: &Path) -> Result<Vec<u8>, DataError> {
    let io = |source| DataError::Io {
        path: path.into(),
        source,
    };
    let (file, _): (File, _) = open(path)?;
    let mut start = Vec::new();
    file.take(256).read_to_end(&mut start).map_err(io)?;
    Ok(start)
}
