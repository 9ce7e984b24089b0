//! Opening files, and what is wrong with them.

use ebm_core::{data::DataError, error::ConfigError};
use std::path::{Path, PathBuf};
use std::{env, fs::File, io};

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

/// The place that a path of a configuration means: `~` is the home directory, and what is relative starts from `base`.
pub(crate) fn located(base: &Path, path: &Path) -> PathBuf {
    base.join(expanded(path, env::home_dir()))
}

/// A path whose first component `~` is replaced by the home directory, as shells do it where they see a path.
fn expanded(path: &Path, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.into(),
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
    let (beginning, dots) = cut(text);
    format!("{beginning:?}{dots}")
}

/// The beginning of a text, as messages show it.
pub(crate) fn beginning(text: &str) -> String {
    let (beginning, dots) = cut(text);
    format!("{beginning}{dots}")
}

/// A text that is not too long to show, and the dots that stand for the rest.
fn cut(text: &str) -> (&str, &'static str) {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => (&text[..end], "..."),
        None => (text, ""),
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
    fn a_tilde_is_the_home_directory_where_a_path_starts_with_it() {
        for (path, expected) in [
            ("~/data/mnist", "/home/ada/data/mnist"),
            ("~", "/home/ada"),
            ("~/", "/home/ada"),
            ("~grace/data", "~grace/data"),
            ("data/~/a", "data/~/a"),
            ("./~/a", "./~/a"),
            ("", ""),
        ] {
            assert_eq!(expanded(path.as_ref(), Some("/home/ada".into())), Path::new(expected), "{path}");
        }
        assert_eq!(expanded("~/a".as_ref(), None), Path::new("~/a"));
        assert_eq!(located("/base".as_ref(), "a/b".as_ref()), Path::new("/base/a/b"));
        assert_eq!(located("/base".as_ref(), "/a".as_ref()), Path::new("/a"));
        let home = env::home_dir().unwrap_or("/base/~".into());
        assert_eq!(located("/base".as_ref(), "~/a".as_ref()), home.join("a"));
    }

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
