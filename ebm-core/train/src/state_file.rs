//! Saved states on disk, as safetensors: equal content is equal bytes, and comes back as it was.

use std::io::{Read, Seek};
use std::{collections::BTreeMap, path::Path};

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};

use crate::files::regular;
use ebm_core::device::{DOUBLE_PRECISION, Real};
use ebm_core::{error::StateError, parameter::State};

/// The largest file that is read, in bytes. Weights of the models of this system are far smaller.
const SIZE_LIMIT: u64 = 8 << 30;
/// The longest header that is read, in bytes. An array takes about a hundred bytes of it.
const HEADER_LIMIT: u64 = 16 << 20;
/// Length in bytes of the field at the start of a file that holds the length of the header, in bytes.
const LENGTH_BYTES: u64 = size_of::<u64>() as u64;

const DTYPE: Dtype = if DOUBLE_PRECISION { Dtype::F64 } else { Dtype::F32 };

fn failure(path: &Path, reason: String) -> StateError {
    StateError::File { path: path.display().to_string(), reason }
}

/// The bytes of a file with a state and metadata: a function of both. `path` is for errors only.
///
/// # Errors
/// If the state has no safetensors form.
pub fn encode(state: &State, metadata: &BTreeMap<String, String>, path: &Path) -> Result<Vec<u8>, StateError> {
    let bytes = |values: &[Real]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let arrays: Vec<(_, _, Vec<u8>)> =
        state.iter().map(|(name, (shape, values))| (name, shape, bytes(values))).collect();
    let views: Result<Vec<_>, SafeTensorError> =
        arrays.iter().map(|(name, shape, bytes)| Ok((*name, TensorView::new(DTYPE, shape.to_vec(), bytes)?))).collect();
    let plain =
        views.and_then(|views| safetensors::serialize(views, None)).map_err(|e| failure(path, e.to_string()))?;
    with_metadata(&plain, metadata).map_err(|e| failure(path, e.to_string()))
}

/// Puts metadata, in order, into the header of a safetensors file that has none.
///
/// `safetensors::serialize` takes metadata as a `HashMap`, whose order differs from run to run; the bytes of a file are
/// to be a function of its content.
fn with_metadata(plain: &[u8], metadata: &BTreeMap<String, String>) -> serde_json::Result<Vec<u8>> {
    // Eight bytes with the length of the header, the header (a JSON object, padded with blanks), the arrays.
    let Some((length, rest)) = plain.split_first_chunk::<8>() else {
        return Ok(plain.to_vec());
    };
    let (header, arrays) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let entries = header.trim_ascii().strip_prefix(b"{").unwrap_or_default();
    let comma = if entries == b"}" { "" } else { "," };
    let mut longer = format!("{{\"__metadata__\":{}{comma}", serde_json::to_string(metadata)?).into_bytes();
    longer.extend_from_slice(entries);
    longer.resize(longer.len().next_multiple_of(8), b' ');
    let length = (longer.len() as u64).to_le_bytes();
    Ok([&length[..], &longer, arrays].concat())
}

/// Reads a state. Arrays of single precision are converted to the precision in use.
///
/// # Errors
/// If the file cannot be read, is larger than is read, is not a safetensors file, or holds arrays that are not
/// floating-point.
pub fn load(path: &Path) -> Result<State, StateError> {
    decode(&read_bytes(path)?, path)
}

/// The metadata in the bytes of a file. `path` is for errors only.
///
/// # Errors
/// If they are not a safetensors file.
pub fn metadata(bytes: &[u8], path: &Path) -> Result<BTreeMap<String, String>, StateError> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|e| failure(path, format!("not a safetensors file: {e}")))?;
    Ok(header.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The state in the bytes of a file, as [`load`] reads it. `path` is for errors only.
///
/// # Errors
/// If they are not a safetensors file, or hold arrays that are not floating-point.
pub fn decode(bytes: &[u8], path: &Path) -> Result<State, StateError> {
    let fail = |reason: String| failure(path, reason);
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| fail(format!("not a safetensors file: {e}")))?;
    let mut state = State::new();
    for (name, view) in tensors.tensors() {
        let values = match view.dtype() {
            Dtype::F32 => read_values(view.data(), |b: [u8; 4]| f32::from_le_bytes(b) as Real),
            Dtype::F64 => read_values(view.data(), |b: [u8; 8]| f64::from_le_bytes(b) as Real),
            other => {
                return Err(fail(format!("array {name:?} is of type {other:?}; expected F32 or F64")));
            }
        };
        state.insert(name, (view.shape().to_vec(), values));
    }
    Ok(state)
}

/// The bytes of a file of states whose size and header are within the limits.
///
/// Both are checked before memory is set aside, against what the system says about the file and not the file itself.
///
/// # Errors
/// If it cannot be read, or is too large.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, StateError> {
    read_limited(path).map_err(|reason| failure(path, reason))
}

fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let (mut file, size) = regular::open_sized(path).map_err(|e| e.to_string())?;
    if size > SIZE_LIMIT {
        return Err(format!("{size} bytes, more than the limit of {SIZE_LIMIT}"));
    }
    let not = |reason: String| format!("not a safetensors file: {reason}");
    if size < LENGTH_BYTES {
        return Err(not(format!("{size} bytes, fewer than its header's length takes")));
    }
    let mut length = [0; LENGTH_BYTES as usize];
    file.read_exact(&mut length).map_err(|e| e.to_string())?;
    let header = u64::from_le_bytes(length);
    if header > HEADER_LIMIT {
        let reason = format!("its header claims {header} bytes, more than the limit of {HEADER_LIMIT}");
        return Err(not(reason));
    }
    if header > size - LENGTH_BYTES {
        let reason = format!("its header claims {header} bytes, and the file has {size}; was it cut short?");
        return Err(not(reason));
    }
    file.rewind().map_err(|e| e.to_string())?;
    let mut bytes = Vec::with_capacity(size as usize);
    // A file that grows meanwhile is not followed.
    file.take(size).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn read_values<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> Real) -> Vec<Real> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|chunk| value(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn a_state_survives_and_its_bytes_are_a_function_of_the_content() {
        let path = Path::new("s.safetensors");
        let names = ["version", "player", "seed", "precision", "a \"quoted\" name"];
        let notes = BTreeMap::from(names.map(|n| (n.to_string(), format!("{n} of it"))));
        let arrays = [
            ("a.weight".to_string(), (vec![2, 2], vec![1.0, -2.5, 3.0, Real::MIN_POSITIVE])),
            ("b".to_string(), (vec![1], vec![0.1])),
        ];
        for state in [State::new(), State::from(arrays)] {
            let written: Vec<_> = (0..20).map(|_| encode(&state, &notes, path).unwrap()).collect();
            assert!(written.iter().all(|bytes| *bytes == written[0]));
            assert_eq!(decode(&written[0], path).unwrap(), state);
            assert_eq!(metadata(&written[0], path).unwrap(), notes);
        }
    }

    #[test]
    fn what_is_no_state_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l.safetensors");
        let refused = |path: &Path, parts: &[&str]| {
            let message = load(path).unwrap_err().to_string();
            for part in parts {
                assert!(message.contains(part), "{part:?} is not in {message}");
            }
        };
        refused(&path, &["l.safetensors: "]);
        refused(folder.path(), &[": not a regular file"]);
        fs::write(&path, b"not safetensors at all").unwrap();
        refused(&path, &["l.safetensors: not a safetensors file"]);
        // A hole takes no room on the disk.
        File::create(&path).unwrap().set_len(SIZE_LIMIT + 1).unwrap();
        refused(&path, &["l.safetensors: 8589934593 bytes", "the limit of 8589934592"]);
        let claim = |header: u64| fs::write(&path, [&header.to_le_bytes()[..], b"{}"].concat()).unwrap();
        claim(HEADER_LIMIT + 1);
        refused(&path, &["claims 16777217 bytes", "the limit of 16777216"]);
        claim(u64::MAX);
        refused(&path, &["claims 18446744073709551615 bytes", "the limit of 16777216"]);
        claim(3);
        refused(&path, &["claims 3 bytes", "the file has 10"]);
        claim(2);
        assert_eq!(load(&path).unwrap(), State::new());
        fs::write(&path, b"{}").unwrap();
        refused(&path, &["not a safetensors file: 2 bytes"]);
    }
}
