//! The directory of a comparison.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure, OrExit};
use crate::plots::write_atomically;

/// Says that the directory is a comparison, and what it was made from.
const MARKER: &str = "compare.json";
/// The configuration of each run, one file a run.
const CONFIGS: &str = "configs";
/// The runs.
const RUNS: &str = "runs";
/// Pictures of all pairs together.
const PICTURES: &str = "pictures";
/// The format that this program writes.
const FORMAT: &str = "ebm comparison, version 1";

/// What a comparison was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonMarker {
    format: String,
    /// The configuration file, as it was given.
    pub config: PathBuf,
}

impl ComparisonMarker {
    /// The marker of a comparison made from a configuration file.
    pub fn new(config: &Path) -> Self {
        Self {
            format: FORMAT.into(),
            config: config.into(),
        }
    }
}

/// The directory of a comparison, held against other processes.
#[derive(Debug)]
pub struct ComparisonDirectory {
    path: PathBuf,
    _lock: File,
}

impl ComparisonDirectory {
    /// Looks whether a comparison may be put at `path`, and changes nothing.
    ///
    /// # Errors
    /// If something is there that is no comparison.
    pub fn look(path: &Path) -> Result<(), Failure> {
        let foreign = || {
            Failure::message(
                Exit::RunDirectory,
                format!(
                    "{}: something is there, and it is no comparison of `ebm`, so it is not touched; give --out DIR to put \
                     this one elsewhere",
                    path.display()
                ),
            )
        };
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if path.is_file() => return Err(foreign()),
            Err(error) => return Err(failed(path, "look into the folder")(error)),
        };
        if entries.next().is_none() {
            return Ok(());
        }
        let marker = fs::read_to_string(path.join(MARKER)).ok();
        let marker = marker.and_then(|text| serde_json::from_str::<ComparisonMarker>(&text).ok());
        match marker.is_some_and(|marker| marker.format == FORMAT) {
            true => Ok(()),
            false => Err(foreign()),
        }
    }

    /// Makes the directory, or takes it up again.
    ///
    /// # Errors
    /// If another process compares there, or the system refuses.
    pub fn open(path: &Path, marker: &ComparisonMarker) -> Result<Self, Failure> {
        Self::look(path)?;
        fs::create_dir_all(path).map_err(failed(path, "make the folder"))?;
        let marked = path.join(MARKER);
        if !marked.exists() {
            write_json(&marked, marker)?;
        }
        let lock = File::open(&marked).map_err(failed(&marked, "open the file"))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let text = format!("{}: another process compares in this folder", path.display());
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            // Some network file systems know no locks; the comparison itself does not need one.
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(failed(&marked, "lock the file")(error));
            }
            _ => {}
        }
        for folder in [CONFIGS, RUNS, PICTURES] {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(failed(&folder, "make the folder"))?;
        }
        Ok(Self {
            path: path.into(),
            _lock: lock,
        })
    }

    /// The place of a run of a comparison at `path`.
    pub fn run_of(path: &Path, name: &str) -> PathBuf {
        path.join(RUNS).join(name)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place of a picture.
    pub fn picture(&self, name: &str) -> PathBuf {
        self.path.join(PICTURES).join(name)
    }

    /// Writes the configuration of a run; its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_config(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.path.join(CONFIGS).join(format!("{name}.toml"));
        write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Writes a file of the comparison.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write(&self.path.join(name), text.as_bytes())
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_vec_pretty(value).or_exit(Exit::Other)?;
    text.push(b'\n');
    write(path, &text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_atomically(path, |file| file.write_all(bytes)).map_err(failed(path, "write the file"))
}

fn failed<'a>(path: &'a Path, action: &'a str) -> impl FnOnce(io::Error) -> Failure + 'a {
    move |error| {
        let error = anyhow::Error::new(error).context(format!("{}: cannot {action}", path.display()));
        Failure::new(Exit::RunDirectory, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_taken_up_again_and_what_is_none_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let (path, marker) = (folder.path().join("a/b"), ComparisonMarker::new(Path::new("run.toml")));
        let first = ComparisonDirectory::open(&path, &marker).unwrap();
        let busy = ComparisonDirectory::open(&path, &marker).unwrap_err();
        assert!(busy.to_string().contains("another process"), "{busy}");
        drop(first);
        drop(ComparisonDirectory::open(&path, &marker).unwrap());

        let foreign = ComparisonDirectory::open(folder.path(), &marker).unwrap_err();
        assert_eq!(foreign.exit, Exit::RunDirectory);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
    }
}
