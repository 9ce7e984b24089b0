//! The folder of a series of runs.

use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Format, write_atomically};

/// The configuration of each run, one file a run.
const CONFIGS: &str = "configs";
/// The runs.
const RUNS: &str = "runs";

/// What a folder is the folder of.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The file that says so.
    pub marker: &'static str,
    /// Its format, which stands in its field `format`.
    pub format: Format,
    /// What it is called: "comparison".
    pub noun: &'static str,
    /// What a process does there: "compares".
    pub act: &'static str,
    /// Folders in it beside the configurations and the runs.
    pub folders: &'static [&'static str],
}

/// What every marker says.
#[derive(Deserialize)]
struct Head {
    format: String,
}

/// The folder of a series of runs, held against other processes.
#[derive(Debug)]
pub struct SeriesDirectory {
    path: PathBuf,
    _lock: File,
}

impl SeriesDirectory {
    /// Looks whether a series may be put at `path`, and changes nothing; whether one is there.
    ///
    /// # Errors
    /// If something is there that is none of its kind.
    pub fn look(path: &Path, kind: &Kind) -> Result<bool, Failure> {
        let foreign = |why: String| {
            let (place, noun) = (path.display(), kind.noun);
            let text = format!(
                "{place}: something is there, and it is no {noun} of `ebm`{why}, so it is not touched; give --out DIR to put \
                 this one elsewhere"
            );
            Failure::message(Exit::RunDirectory, text)
        };
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(_) if path.is_file() => return Err(foreign(String::new())),
            Err(error) => return Err(failed(path, "look into the folder")(error)),
        };
        if entries.next().is_none() {
            return Ok(false);
        }
        let text = fs::read_to_string(path.join(kind.marker)).ok();
        let head = text.and_then(|text| serde_json::from_str::<Head>(&text).ok());
        let head = head.ok_or_else(|| foreign(String::new()))?;
        let accepted = kind.format.accepts(&head.format);
        accepted.map_err(|reason| foreign(format!(" ({}: {reason})", kind.marker)))?;
        Ok(true)
    }

    /// Makes the folder, or takes it up again: a marker that is there stays.
    ///
    /// # Errors
    /// If another process is at work there, or the system refuses.
    pub fn open(path: &Path, kind: &Kind, marker: &impl Serialize) -> Result<Self, Failure> {
        Self::look(path, kind)?;
        fs::create_dir_all(path).map_err(failed(path, "make the folder"))?;
        let marked = path.join(kind.marker);
        if !marked.exists() {
            write_json(&marked, marker)?;
        }
        let lock = File::open(&marked).map_err(failed(&marked, "open the file"))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let text = format!("{}: another process {} in this folder", path.display(), kind.act);
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            // Some network file systems know no locks; the series itself does not need one.
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(failed(&marked, "lock the file")(error));
            }
            _ => {}
        }
        for folder in [CONFIGS, RUNS].iter().chain(kind.folders) {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(failed(&folder, "make the folder"))?;
        }
        Ok(Self {
            path: path.into(),
            _lock: lock,
        })
    }

    /// The place of a run of a series at `path`.
    pub fn run_of(path: &Path, name: &str) -> PathBuf {
        path.join(RUNS).join(name)
    }

    /// The place of the configuration of a run of a series at `path`.
    pub fn config_of(path: &Path, name: &str) -> PathBuf {
        path.join(CONFIGS).join(format!("{name}.toml"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the configuration of a run; its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_config(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = Self::config_of(&self.path, name);
        write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Writes a file of the series.
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

/// Writes a file, unless it has these bytes already: others may be reading it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
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
    use serde_json::json;

    const KIND: Kind = Kind {
        marker: "walk.json",
        format: Format::new("ebm walk", 2),
        noun: "walk",
        act: "walks",
        folders: &["steps"],
    };

    #[test]
    fn a_series_is_taken_up_again_and_what_is_none_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let (path, marker) = (
            folder.path().join("a/b"),
            json!({"format": "ebm walk, version 1", "n": 3}),
        );
        assert!(!SeriesDirectory::look(&path, &KIND).unwrap());
        let first = SeriesDirectory::open(&path, &KIND, &marker).unwrap();
        assert!(SeriesDirectory::look(&path, &KIND).unwrap() && path.join("steps").is_dir());
        let busy = SeriesDirectory::open(&path, &KIND, &marker).unwrap_err();
        assert!(busy.to_string().contains("another process walks"), "{busy}");
        drop(first);
        drop(SeriesDirectory::open(&path, &KIND, &marker).unwrap());

        let foreign = SeriesDirectory::open(folder.path(), &KIND, &marker).unwrap_err();
        assert_eq!(foreign.exit, Exit::RunDirectory);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
        fs::write(path.join(KIND.marker), r#"{"format": "ebm walk, version 3"}"#).unwrap();
        let newer = SeriesDirectory::look(&path, &KIND).unwrap_err();
        assert!(newer.to_string().contains("newer ebm"), "{newer}");
    }

    #[test]
    fn a_file_that_is_right_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let directory = SeriesDirectory::open(&path, &KIND, &json!({"format": "ebm walk, version 1"})).unwrap();
        directory.write("a.txt", "a").unwrap();
        // A link to the file shows whether the file was replaced by another one.
        fs::hard_link(path.join("a.txt"), path.join("b.txt")).unwrap();
        directory.write("a.txt", "a").unwrap();
        fs::write(path.join("b.txt"), "b").unwrap();
        assert_eq!(fs::read(path.join("a.txt")).unwrap(), b"b");
        directory.write("a.txt", "a").unwrap();
        assert_eq!(fs::read(path.join("b.txt")).unwrap(), b"b");
    }
}
