use anyhow::{Context, Result, bail};
use std::{fs, path::Path};

use crate::output::{folder_of, is_vacant, write_folder};

/// Writes files, with paths relative to `folder`, into a new or empty folder: all, or nothing is left behind.
pub(crate) fn write_files(folder: &Path, files: &[(String, String)]) -> Result<()> {
    let named = || folder.display().to_string();
    if !is_vacant(folder).with_context(named)? {
        bail!("{}: it is there already and not an empty folder; name another with --path", named());
    }
    if folder.file_name().is_none() {
        bail!("{}: expected the path of a folder to make", named());
    }
    fs::create_dir_all(folder_of(folder)).with_context(named)?;
    let written = write_folder(folder, |folder| {
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(folder_of(&path))?;
            fs::write(&path, text)?;
        }
        Ok(())
    });
    written.with_context(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, String)> {
        vec![("a.txt".into(), "one".into()), ("b/c.txt".into(), "two".into())]
    }

    #[test]
    fn a_new_folder_and_an_empty_one_are_filled() {
        let above = tempfile::tempdir().unwrap();
        for name in ["new", "empty", "deep/er"] {
            let folder = above.path().join(name);
            if name == "empty" {
                fs::create_dir(&folder).unwrap();
            }
            write_files(&folder, &files()).unwrap();
            assert_eq!(fs::read_to_string(folder.join("b/c.txt")).unwrap(), "two");
        }
    }

    #[test]
    fn what_is_there_is_not_touched_and_a_failure_leaves_nothing() {
        let above = tempfile::tempdir().unwrap();
        fs::write(above.path().join("file"), "mine").unwrap();
        for name in ["", "file"] {
            let error = write_files(&above.path().join(name), &files()).unwrap_err();
            assert!(error.to_string().contains("not an empty folder"), "{error}");
        }
        // A file where a folder has to be.
        let clash = vec![("a".to_string(), String::new()), ("a/b".to_string(), String::new())];
        assert!(write_files(&above.path().join("new"), &clash).is_err());
        let left: Vec<_> = fs::read_dir(above.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["file"]);
    }
}
