//! Whether a run may be put somewhere, decided before anything is changed there.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{Marker, RunDirectory, RunDirectoryError, layout};

/// A place where a run may be put. Nothing is changed there before [`Claim::create`].
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    replaces: bool,
}

impl Claim {
    /// Looks at what is at `path`.
    ///
    /// # Errors
    /// If a run is there and `overwrite` is not given, or if anything else is there.
    pub fn new(path: &Path, overwrite: bool) -> Result<Self, RunDirectoryError> {
        let foreign = |found| RunDirectoryError::Foreign {
            path: path.into(),
            found,
        };
        let claim = |replaces| Self {
            path: path.into(),
            replaces,
        };
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(claim(false)),
            Err(_) if path.is_file() => return Err(foreign("a file")),
            Err(error) => return Err(RunDirectoryError::io(path, "look into the run directory")(error)),
        };
        // A process that was killed while it wrote the marker leaves that much, and nothing else.
        let begun = format!(".{}.", layout::MARKER);
        let beginning = |entry: io::Result<fs::DirEntry>| {
            let name = entry.map(|entry| entry.file_name()).unwrap_or_default();
            name.to_string_lossy().starts_with(&begun)
        };
        if entries.all(beginning) {
            return Ok(claim(false));
        }
        match (Marker::read(path), overwrite) {
            (Err(_), _) => Err(foreign("something")),
            (Ok(_), false) => Err(RunDirectoryError::Exists { path: path.into() }),
            (Ok(_), true) => Ok(claim(true)),
        }
    }

    /// Makes the directory, in place of the run that was there.
    ///
    /// Of the old run, what `ebm` wrote is removed; other files that were put there stay.
    ///
    /// # Errors
    /// If another process trains there, or the system refuses.
    pub fn create(self, marker: &Marker) -> Result<RunDirectory, RunDirectoryError> {
        let Self { path, replaces } = self;
        if replaces {
            // Held until the old run is gone, so that no two processes clear one directory.
            let _lock = lock(&path)?;
            clear(&path)?;
        }
        let existed = path.exists();
        fs::create_dir_all(&path).map_err(RunDirectoryError::io(&path, "make the run directory"))?;
        let made = mark(path.clone(), marker);
        if made.is_err() && !existed {
            // It holds nothing; the error to report is the one before.
            let _ = fs::remove_dir(&path);
        }
        made
    }
}

fn mark(path: PathBuf, marker: &Marker) -> Result<RunDirectory, RunDirectoryError> {
    super::write_json(&path.join(layout::MARKER), marker)?;
    let lock = lock(&path)?;
    for folder in layout::FOLDERS {
        let folder = path.join(folder);
        fs::create_dir_all(&folder).map_err(RunDirectoryError::io(&folder, "make the folder"))?;
    }
    Ok(RunDirectory::held(path, lock))
}

fn lock(directory: &Path) -> Result<File, RunDirectoryError> {
    let marker = directory.join(layout::MARKER);
    let file = File::open(&marker).map_err(RunDirectoryError::io(&marker, "open the file"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunDirectoryError::Busy { path: directory.into() }),
        // Some network file systems know no locks; the run itself does not need one.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(RunDirectoryError::io(&marker, "lock the file")(error)),
    }
}

/// Whether a process trains in a run directory.
///
/// The answer may be out of date when it is given. On a file system that knows no locks it is always yes.
///
/// # Errors
/// If the system refuses to say.
pub fn is_held(directory: &Path) -> Result<bool, RunDirectoryError> {
    let marker = directory.join(layout::MARKER);
    let file = match File::open(&marker) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(RunDirectoryError::io(&marker, "open the file"))?,
    };
    // Shared, so that any number may ask at once; given back at the end of this function.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(RunDirectoryError::io(&marker, "look at the lock")(error)),
    }
}

fn clear(directory: &Path) -> Result<(), RunDirectoryError> {
    let gone = |result: io::Result<()>, path: &Path| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(RunDirectoryError::io(path, "remove the old run")(error))
        }
        _ => Ok(()),
    };
    for folder in layout::FOLDERS.into_iter().chain(layout::OPTIONAL_FOLDERS) {
        let path = directory.join(folder);
        gone(fs::remove_dir_all(&path), &path)?;
    }
    for file in layout::FILES {
        let path = directory.join(file);
        gone(fs::remove_file(&path), &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        Marker::new(Path::new("run.toml"), Path::new("/somewhere"))
    }

    #[test]
    fn a_run_is_replaced_only_when_told_to_and_foreign_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        drop(Claim::new(&path, false).unwrap().create(&marker()).unwrap());
        fs::write(path.join(layout::METRICS), "old").unwrap();
        fs::write(path.join("notes.txt"), "mine").unwrap();
        assert!(matches!(
            Claim::new(&path, false),
            Err(RunDirectoryError::Exists { .. })
        ));
        let claim = Claim::new(&path, true).unwrap();
        assert_eq!(fs::read(path.join(layout::METRICS)).unwrap(), b"old");
        drop(claim.create(&marker()).unwrap());
        assert!(!path.join(layout::METRICS).exists());
        assert_eq!(fs::read(path.join("notes.txt")).unwrap(), b"mine");
    }

    #[test]
    fn what_is_no_run_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "years").unwrap();
        for overwrite in [false, true] {
            for path in [folder.path().to_path_buf(), folder.path().join("thesis.tex")] {
                let refused = Claim::new(&path, overwrite);
                assert!(matches!(refused, Err(RunDirectoryError::Foreign { .. })), "{refused:?}");
            }
        }
        fs::write(folder.path().join(layout::MARKER), "{\"format\": \"another program\"}").unwrap();
        assert!(matches!(
            Claim::new(folder.path(), true),
            Err(RunDirectoryError::Foreign { .. })
        ));
    }

    #[test]
    fn a_run_in_progress_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let running = Claim::new(&path, false).unwrap().create(&marker()).unwrap();
        assert!(is_held(&path).unwrap());
        let refused = Claim::new(&path, true).unwrap().create(&marker());
        assert!(matches!(refused, Err(RunDirectoryError::Busy { .. })), "{refused:?}");
        drop(running);
        assert!(!is_held(&path).unwrap() && !is_held(folder.path()).unwrap());
        assert!(Claim::new(&path, true).unwrap().create(&marker()).is_ok());
    }

    #[test]
    fn an_empty_directory_may_be_used_and_so_may_one_that_was_only_begun() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".run.json.4711.tmp"), "{").unwrap();
        assert!(Claim::new(folder.path(), false).unwrap().create(&marker()).is_ok());
    }
}
