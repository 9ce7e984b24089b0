//! Saved states on disk, as safetensors.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::device::Real;
use crate::error::StateError;
use crate::parameter::State;

/// The largest file that is read, in bytes. Weights of the models of this system are far smaller.
const SIZE_LIMIT: u64 = 8 << 30;

#[cfg(not(feature = "f64"))]
const DTYPE: Dtype = Dtype::F32;
#[cfg(feature = "f64")]
const DTYPE: Dtype = Dtype::F64;

/// Writes a state with metadata: beside the file, synced, then renamed over it, so that a reader sees all or nothing.
///
/// # Errors
/// If the file cannot be written.
pub fn save(path: &Path, state: &State, metadata: &BTreeMap<String, String>) -> Result<(), StateError> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = state
        .iter()
        .map(|(name, (shape, values))| {
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views: Result<Vec<_>, _> = bytes
        .iter()
        .map(|(name, shape, bytes)| TensorView::new(DTYPE, (*shape).clone(), bytes).map(|view| (*name, view)))
        .collect();
    let fail = |reason: String| StateError::File {
        path: path.display().to_string(),
        reason,
    };
    let views = views.map_err(|e| fail(e.to_string()))?;
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let serialised = safetensors::serialize(views, Some(metadata)).map_err(|e| fail(e.to_string()))?;
    let temporary = path.with_extension("safetensors.tmp");
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(&serialised)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|e| {
        // The half-written file is of no use to anyone; the error to report is the first one.
        let _ = fs::remove_file(&temporary);
        fail(e.to_string())
    })
}

/// Reads a state. Arrays of single precision are converted to the precision in use.
///
/// # Errors
/// If the file cannot be read, is no safetensors file, or holds arrays that are not floating-point.
pub fn load(path: &Path) -> Result<State, StateError> {
    let fail = |reason: String| StateError::File {
        path: path.display().to_string(),
        reason,
    };
    let size = fs::metadata(path).map_err(|e| fail(e.to_string()))?.len();
    if size > SIZE_LIMIT {
        return Err(fail(format!("{size} bytes, more than the limit of {SIZE_LIMIT}")));
    }
    let bytes = fs::read(path).map_err(|e| fail(e.to_string()))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| fail(format!("not a safetensors file: {e}")))?;
    let mut state = State::new();
    for (name, view) in tensors.tensors() {
        let values = match view.dtype() {
            Dtype::F32 => read_values(view.data(), |b: [u8; 4]| f32::from_le_bytes(b) as Real),
            Dtype::F64 => read_values(view.data(), |b: [u8; 8]| f64::from_le_bytes(b) as Real),
            other => {
                return Err(fail(format!(
                    "array {name:?} is of type {other:?}; expected F32 or F64"
                )));
            }
        };
        state.insert(name, (view.shape().to_vec(), values));
    }
    Ok(state)
}

fn read_values<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> Real) -> Vec<Real> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|chunk| value(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("ebm-state-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_state_survives_the_disk() {
        let folder = folder("round-trip");
        let state = State::from([
            (
                "a.weight".to_string(),
                (vec![2, 2], vec![1.0, -2.5, 3.0, Real::MIN_POSITIVE]),
            ),
            ("b".to_string(), (vec![1], vec![0.1])),
        ]);
        let path = folder.join("s.safetensors");
        save(&path, &state, &BTreeMap::from([("version".into(), "1".into())])).unwrap();
        assert_eq!(load(&path).unwrap(), state);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn garbage_and_missing_files_are_named() {
        let folder = folder("garbage");
        let path = folder.join("g.safetensors");
        fs::write(&path, b"not safetensors at all").unwrap();
        let message = load(&path).unwrap_err().to_string();
        assert!(
            message.contains("g.safetensors") && message.contains("not a safetensors file"),
            "{message}"
        );
        let message = load(&folder.join("none")).unwrap_err().to_string();
        assert!(message.contains("none"), "{message}");
        fs::remove_dir_all(folder).unwrap();
    }
}
