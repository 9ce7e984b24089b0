//! Writes a folder completely or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A folder that cannot be written.
#[derive(Debug, Error)]
pub(crate) enum FolderError {
    #[error("{0}: it is there already and not an empty folder; name another with --path")]
    Occupied(String),
    #[error("{0}: expected the path of a folder to make")]
    NoName(String),
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.display().to_string();
    move |source| FolderError::Io { path, source }
}

/// Writes files, with paths relative to `folder`, into a new or empty folder: into one beside it first, which then gets its
/// name.
///
/// # Errors
/// If there is something already, or the system refuses. Nothing is left behind.
pub(crate) fn write_folder(folder: &Path, files: &[(String, String)]) -> Result<(), FolderError> {
    check_free(folder)?;
    let name = folder
        .file_name()
        .ok_or_else(|| FolderError::NoName(folder.display().to_string()))?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed(parent))?;
    let beside = parent.join(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let done = fill(&beside, files).and_then(|()| {
        // An empty folder may be there; one that has been filled meanwhile is not removed.
        if folder.exists() {
            fs::remove_dir(folder).map_err(failed(folder))?;
        }
        fs::rename(&beside, folder).map_err(failed(folder))
    });
    if done.is_err() {
        // The first error is the one to report; the folder may not even exist.
        let _ = fs::remove_dir_all(&beside);
    }
    done
}

fn check_free(folder: &Path) -> Result<(), FolderError> {
    let occupied = || FolderError::Occupied(folder.display().to_string());
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(occupied()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(occupied()),
        Err(error) => Err(failed(folder)(error)),
    }
}

fn fill(folder: &Path, files: &[(String, String)]) -> Result<(), FolderError> {
    for (path, text) in files {
        let path: PathBuf = folder.join(path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(failed(above))?;
        }
        fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, String)> {
        vec![("a.txt".into(), "one".into()), ("b/c.txt".into(), "two".into())]
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_new_folder_and_an_empty_one_are_filled() {
        let above = tempfile::tempdir().unwrap();
        for name in ["new", "empty", "deep/er"] {
            let folder = above.path().join(name);
            if name == "empty" {
                fs::create_dir(&folder).unwrap();
            }
            write_folder(&folder, &files()).unwrap();
            assert_eq!(fs::read_to_string(folder.join("b/c.txt")).unwrap(), "two");
        }
    }

    #[test]
    fn what_is_there_is_not_touched_and_a_failure_leaves_nothing() {
        let above = tempfile::tempdir().unwrap();
        fs::write(above.path().join("file"), "mine").unwrap();
        for name in ["", "file"] {
            let error = write_folder(&above.path().join(name), &files()).unwrap_err();
            assert!(matches!(error, FolderError::Occupied(_)), "{error}");
        }
        // A file where a folder has to be.
        let clash = vec![("a".to_string(), String::new()), ("a/b".to_string(), String::new())];
        assert!(write_folder(&above.path().join("new"), &clash).is_err());
        assert_eq!(names(above.path()), ["file"]);
    }
}
