//! Opening files, and what is wrong with them.

use ebm_core::{data::DataError, error::ConfigError};
use std::{fs::File, io, path::Path};

use crate::split::Shares;

/// An error in what a file or folder holds.
pub(crate) fn malformed(path: &Path, place: &str, reason: impl Into<String>) -> DataError {
    DataError::Malformed { path: path.into(), place: place.into(), reason: reason.into() }
}

/// An error of a file or folder that is not there, with the advice on getting it.
pub(crate) fn missing(path: &Path, found: impl Into<String>, advice: &str) -> DataError {
    let advice = format!("{advice}; --data DIR names another folder for relative paths to start from");
    DataError::Missing { path: path.into(), found: found.into(), advice }
}

/// Makes an error of what the system says about a file or folder.
pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> DataError + Copy + '_ {
    |source| DataError::Io { path: path.into(), source }
}

/// An error of reading on, which is the file's fault where it ends early or a checksum is wrong.
pub(crate) fn damaged(path: &Path, place: &str, error: io::Error) -> DataError {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        UnexpectedEof | InvalidData | InvalidInput | Other => {
            malformed(path, place, format!("it is cut short or damaged ({error})"))
        }
        _ => unreadable(path)(error),
    }
}

/// Opens a regular file, and gives its size. Anything else might never end.
pub(crate) fn open(path: &Path) -> Result<(File, u64), DataError> {
    let metadata = std::fs::metadata(path).map_err(unreadable(path))?;
    if !metadata.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(unreadable(path)(error));
    }
    Ok((File::open(path).map_err(unreadable(path))?, metadata.len()))
}

/// The longest text that messages show whole, in characters.
const LONGEST: usize = 40;

/// The beginning of a text, quoted, as messages show it.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The beginning of a text, as messages show it.
pub(crate) fn beginning(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}

/// Refuses an empty path.
pub(crate) fn require_path(path: &Path, expected: &str) -> Result<(), ConfigError> {
    ConfigError::require(!path.as_os_str().is_empty(), "path", "\"\"", expected)
}

/// Refuses options of files that cannot be used.
pub(crate) fn check_options(path: &Path, shares: Shares) -> Result<(), ConfigError> {
    require_path(path, "the path of a file")?;
    let held_out = shares.held_out;
    let good = held_out > 0.0 && held_out < 1.0;
    ConfigError::require(good, "held_out", held_out, "a share between 0 and 1, both excluded")?;
    check_validation(shares.validation)
}

/// Refuses a share for validation that cannot be used.
pub(crate) fn check_validation(share: f64) -> Result<(), ConfigError> {
    ConfigError::require((0.0..1.0).contains(&share), "validation", share, "a share of at least 0 and below 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let refused = |path: &str, held_out, validation| {
            check_options(Path::new(path), Shares { held_out, validation }).unwrap_err().key
        };
        for share in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(refused("a.csv", share, 0.1), "held_out");
        }
        for share in [1.0, -0.1, f64::NAN] {
            assert_eq!(refused("a.csv", 0.1, share), "validation");
        }
        assert_eq!(refused("", 0.1, 0.1), "path");
    }
}
