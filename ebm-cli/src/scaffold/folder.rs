//! Writes a folder completely or not at all.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Writes files, with paths relative to `folder`, into a new or empty folder: into one beside it first, which then gets its
/// name. If that fails, nothing is left behind.
pub(crate) fn write_folder(folder: &Path, files: &[(String, String)]) -> Result<()> {
    let named = || folder.display().to_string();
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() != ErrorKind::NotADirectory => return Err(error).with_context(named),
        _ => bail!("{}: it is there already and not an empty folder; name another with --path", named()),
    }
    let Some(name) = folder.file_name() else {
        bail!("{}: expected the path of a folder to make", named());
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    make(parent)?;
    let beside = parent.join(format!(".{}.{}.tmp", name.display(), std::process::id()));
    let done = fill(&beside, files).and_then(|()| {
        // An empty folder may be there; one that has been filled meanwhile is not removed.
        if folder.exists() {
            fs::remove_dir(folder).with_context(named)?;
        }
        fs::rename(&beside, folder).with_context(named)
    });
    if done.is_err() {
        // The first error is the one to report; the folder may not even exist.
        let _ = fs::remove_dir_all(&beside);
    }
    done
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

fn fill(folder: &Path, files: &[(String, String)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), make)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
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
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
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
            assert!(error.to_string().contains("not an empty folder"), "{error}");
        }
        // A file where a folder has to be.
        let clash = vec![("a".to_string(), String::new()), ("a/b".to_string(), String::new())];
        assert!(write_folder(&above.path().join("new"), &clash).is_err());
        assert_eq!(names(above.path()), ["file"]);
    }
}
