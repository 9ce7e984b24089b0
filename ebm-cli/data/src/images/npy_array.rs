//! Arrays in NumPy's format, from a file or from an entry of an archive.

use ebm_core::data::DataError;
use std::io::Read;
use std::path::Path;

use crate::npy_header::{HeaderFault, NpyHeader};
use crate::table::malformed;

/// Most labels.
const MOST: u64 = 1 << 32;

/// The header of an array.
///
/// # Errors
/// If there is none.
pub(super) fn read_header(path: &Path, place: &str, input: &mut impl Read) -> Result<NpyHeader, DataError> {
    NpyHeader::read(input).map_err(|fault| match fault {
        HeaderFault::Io(error) => damaged(path, place, "header", error),
        HeaderFault::Malformed(reason) => malformed(path, place, format!("{reason}; expected an NPY array")),
    })
}

/// An entry that cannot be read: its checksum is wrong, or it ends early.
pub(super) fn damaged(path: &Path, place: &str, at: &str, error: std::io::Error) -> DataError {
    malformed(
        path,
        &format!("{place}, {at}"),
        format!("it is cut short or damaged ({error})"),
    )
}

/// Labels `[n]`: whole numbers that are small and not negative.
///
/// # Errors
/// If they are something else, or too few.
pub(super) fn labels_of(path: &Path, place: &str, input: &mut impl Read) -> Result<Vec<u32>, DataError> {
    /// The largest label.
    const LARGEST: i128 = 1 << 20;
    let refuse = |reason: String| malformed(path, place, reason);
    let NpyHeader { descr, shape, .. } = read_header(path, place, input)?;
    let kind = descr.get(1..).unwrap_or_default();
    let bytes = match (descr.get(..1).unwrap_or_default(), kind) {
        ("|" | "<", "u1" | "i1") => 1,
        ("<", "u2" | "i2") => 2,
        ("<", "u4" | "i4") => 4,
        ("<", "u8" | "i8") => 8,
        _ => {
            return Err(refuse(format!(
                "its elements are of type {descr}; expected whole numbers"
            )));
        }
    };
    let count = match shape[..] {
        [count] | [count, 1] if count <= MOST => count,
        _ => return Err(refuse(format!("it has shape {shape:?}; expected labels [n]"))),
    };
    let (mut labels, mut element) = (Vec::new(), vec![0; bytes]);
    for index in 0..count {
        input
            .read_exact(&mut element)
            .map_err(|error| damaged(path, place, &format!("label {index}"), error))?;
        let mut wide = [0; 16];
        wide[..bytes].copy_from_slice(&element);
        let negative = kind.starts_with('i') && element[bytes - 1] >= 0x80;
        if negative {
            wide[bytes..].fill(0xff);
        }
        let label = i128::from_le_bytes(wide);
        if !(0..=LARGEST).contains(&label) {
            return Err(refuse(format!(
                "label {index} is {label}; expected one from 0 to {LARGEST}"
            )));
        }
        labels.push(label as u32);
    }
    Ok(labels)
}
