use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{Marker, RunDirectory, RunDirectoryError, durable, layout, leftovers, lock::lock};

/// A place where a run may be put. Nothing is changed before [`Claim::create`].
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    replaces: bool,
}

impl Claim {
    /// Checks what is at `path`: an error if a run is there and `overwrite` is not given, or if anything else is there.
    pub fn new(path: &Path, overwrite: bool) -> Result<Self, RunDirectoryError> {
        let foreign = |found| RunDirectoryError::Foreign { path: path.into(), found };
        let claim = |replaces| Self { path: path.into(), replaces };
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
            name == layout::LOCK || name.to_string_lossy().starts_with(&begun)
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

    /// Makes the directory; of an old run only files that `ebm` did not write stay. An error if another process trains there.
    pub fn create(self, marker: &Marker) -> Result<RunDirectory, RunDirectoryError> {
        let Self { path, replaces } = self;
        let existed = path.exists();
        if !existed {
            durable::create_folders(&path).map_err(RunDirectoryError::io(&path, "make the run directory"))?;
        }
        let made = lock(&path).and_then(|lock| {
            // With the lock, so that no two processes clear one directory.
            if replaces {
                clear(&path)?;
            }
            leftovers::sweep(&path);
            super::write_json(&path.join(layout::MARKER), marker)?;
            super::create_folders(&path)?;
            Ok(RunDirectory { path: path.clone(), _lock: lock })
        });
        if made.is_err() && !existed {
            // It holds nothing; the error to report is the one before.
            let _ = fs::remove_file(path.join(layout::LOCK)).and_then(|()| fs::remove_dir(&path));
        }
        made
    }
}

fn clear(directory: &Path) -> Result<(), RunDirectoryError> {
    // The summary, which has the hashes of the other files, first.
    let folders = layout::FOLDERS.into_iter().chain(layout::OPTIONAL_FOLDERS);
    for name in [layout::SUMMARY].into_iter().chain(folders).chain(layout::FILES) {
        let path = directory.join(name);
        durable::remove(&path).map_err(RunDirectoryError::io(&path, "remove the old run"))?;
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
        assert!(matches!(Claim::new(&path, false), Err(RunDirectoryError::Exists { .. })));
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
        assert!(matches!(Claim::new(folder.path(), true), Err(RunDirectoryError::Foreign { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn links_of_an_old_run_are_removed_and_what_they_lead_to_stays() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = folder.path().join("a");
        drop(Claim::new(&path, false).unwrap().create(&marker()).unwrap());
        fs::remove_dir(path.join(layout::CHECKPOINTS)).unwrap();
        fs::write(elsewhere.path().join("mine"), "mine").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), path.join(layout::CHECKPOINTS)).unwrap();
        let refused = RunDirectory::take(&path).unwrap_err().to_string();
        assert!(refused.contains("checkpoints: cannot use the folder: it is a link"), "{refused}");
        drop(Claim::new(&path, true).unwrap().create(&marker()).unwrap());
        assert!(fs::symlink_metadata(path.join(layout::CHECKPOINTS)).unwrap().is_dir());
        assert_eq!(fs::read(elsewhere.path().join("mine")).unwrap(), b"mine");
    }

    #[test]
    fn an_empty_directory_may_be_used_and_so_may_one_that_was_only_begun() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".run.json.4711.tmp"), "{").unwrap();
        assert!(Claim::new(folder.path(), false).unwrap().create(&marker()).is_ok());
    }
}
