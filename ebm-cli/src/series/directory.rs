//! The folder of a series of runs.

use serde::Serialize;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::log;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Format, RunDirectoryError, read_json, regular, write_atomically};

/// The configuration of each run, one file a run.
const CONFIGS: &str = "configs";
const RUNS: &str = "runs";
/// The output of each run's process, where the kind of series keeps it.
pub const LOGS: &str = "logs";

/// A kind of series.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The file that marks a folder as one of this kind.
    pub marker: &'static str,
    /// The format of that file, recorded in its field `format`.
    pub format: Format,
    /// The noun for a series: "comparison".
    pub noun: &'static str,
    /// The verb for what a process does in the folder: "compares".
    pub act: &'static str,
    /// The way to have a finished run of another configuration trained again.
    pub remedy: &'static str,
    /// Whether a line is printed when a run starts, beside the one when it ends.
    pub says_starts: bool,
    /// Folders beside the configurations and the runs.
    pub folders: &'static [&'static str],
}

/// The folder of a series of runs.
#[derive(Debug)]
pub struct SeriesDirectory {
    pub path: PathBuf,
    pub kind: Kind,
    /// Keeps other processes out while this one works there.
    lock: Option<File>,
}

impl SeriesDirectory {
    /// The folder at `path`, which may be yet to be made.
    pub fn at(path: &Path, kind: Kind) -> Self {
        Self { path: path.into(), kind, lock: None }
    }

    /// Whether the series is there already; if not, it may be put there.
    pub fn exists(&self) -> Result<bool, Failure> {
        let foreign = |why: String| {
            let (place, noun) = (self.path.display(), self.kind.noun);
            let text = format!(
                "{place}: something is there, and it is no {noun} of `ebm`{why}, so it is not touched; give --out DIR to put \
                 this one elsewhere"
            );
            Failure::message(Exit::RunDirectory, text)
        };
        let names = match self.names() {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(_) if self.path.is_file() => return Err(foreign(String::new())),
            Err(error) => return io("look into the folder", &self.path, Err(error)),
        };
        if names.iter().all(|name| self.is_leftover(name)) {
            return Ok(false);
        }
        let marker = read_json(&self.path.join(self.kind.marker));
        let format = marker.as_ref().and_then(|marker| marker["format"].as_str());
        let accepted = self.kind.format.accepts(format.ok_or_else(|| foreign(String::new()))?);
        accepted.map_err(|reason| foreign(format!(" ({}: {reason})", self.kind.marker)))?;
        Ok(true)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(&self.path)?.map(name).collect()
    }

    /// Whether a file was left by a process that was killed while it wrote the marker.
    fn is_leftover(&self, name: &str) -> bool {
        name.starts_with(&format!(".{}.", self.kind.marker))
    }

    /// Makes the folder, or takes it up again, in which case the marker that is there stays.
    pub fn open(&mut self, marker: &impl Serialize) -> Result<(), Failure> {
        self.exists()?;
        make(&self.path)?;
        let marked = self.path.join(self.kind.marker);
        if !marked.exists() {
            self.write(self.kind.marker, &json_text(marker)?)?;
        }
        let lock = io("open the file", &marked, regular::open(&marked))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let text = format!("{}: another process {} in this folder", self.path.display(), self.kind.act);
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            // Some network file systems have no locks; the series itself does not need one.
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return io("lock the file", &marked, Err(error));
            }
            _ => self.lock = Some(lock),
        }
        let names = self.names().unwrap_or_default();
        for name in names.iter().filter(|name| self.is_leftover(name)) {
            // It does no harm: a file that cannot be removed stays.
            let _ = fs::remove_file(self.path.join(name));
        }
        let folders = [CONFIGS, RUNS].iter().chain(self.kind.folders);
        folders.into_iter().try_for_each(|folder| make(&self.path.join(folder)))
    }

    pub fn run(&self, id: &str) -> PathBuf {
        self.path.join(RUNS).join(id)
    }

    pub fn config(&self, id: &str) -> PathBuf {
        self.path.join(CONFIGS).join(format!("{id}.toml"))
    }

    pub fn log(&self, id: &str) -> PathBuf {
        self.path.join(LOGS).join(format!("{id}.log"))
    }

    /// Adds to the log of a run, where this kind of series keeps logs.
    pub fn add_to_log(&self, id: &str, text: &str) -> Result<(), Failure> {
        if !self.kind.folders.contains(&LOGS) {
            return Ok(());
        }
        let path = self.log(id);
        io("write the log", &path, log::append(&path, text))
    }

    pub fn write_config(&self, id: &str, text: &str) -> Result<(), Failure> {
        write(&self.config(id), text)
    }

    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write(&self.path.join(name), text)
    }
}

pub fn json_text(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).or_exit(Exit::Other)? + "\n")
}

fn io<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(RunDirectoryError::io(path, action)).or_exit(Exit::RunDirectory)
}

fn make(folder: &Path) -> Result<(), Failure> {
    io("make the folder", folder, fs::create_dir_all(folder))
}

/// Writes a file, unless it has this text already: others may be reading it.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if regular::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let written = write_atomically(path, |file| file.write_all(text.as_bytes()));
    io("write the file", path, written)
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
        remedy: "walk it again",
        says_starts: true,
        folders: &["steps"],
    };

    #[test]
    fn a_series_is_taken_up_again_and_what_is_none_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let marker = json!({"format": "ebm walk, version 1", "n": 3});
        let at = |path: &Path| SeriesDirectory::at(path, KIND);
        assert!(!at(&path).exists().unwrap());
        // A process was killed while it wrote the marker.
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join(".walk.json.4711.tmp"), "{").unwrap();
        assert!(!at(&path).exists().unwrap());
        at(&path).open(&marker).unwrap();
        let mut names = at(&path).names().unwrap();
        names.sort();
        assert_eq!(names, ["configs", "runs", "steps", "walk.json"]);
        at(&path).open(&marker).unwrap();

        assert_eq!(at(folder.path()).open(&marker).unwrap_err().exit, Exit::RunDirectory);
        assert_eq!(at(folder.path()).names().unwrap(), ["a"]);
        fs::write(path.join(KIND.marker), r#"{"format": "ebm walk, version 3"}"#).unwrap();
        let newer = at(&path).exists().unwrap_err();
        assert!(newer.to_string().contains("newer ebm"), "{newer}");
    }

    #[test]
    fn a_file_that_is_right_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a.txt", "b.txt"].map(|name| folder.path().join(name));
        write(&a, "a").unwrap();
        // A link to the file shows whether the file was replaced by another one.
        fs::hard_link(&a, &b).unwrap();
        write(&a, "a").unwrap();
        fs::write(&b, "b").unwrap();
        assert_eq!(fs::read(&a).unwrap(), b"b");
        write(&a, "a").unwrap();
        assert_eq!(fs::read(&b).unwrap(), b"b");
    }
}
