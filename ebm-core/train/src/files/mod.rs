//! Files that survive the death of the process, and appear whole or not at all.

pub mod durable;
pub mod own;
pub mod regular;

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes `path` through `write`: to a file beside it first, renamed when complete.
///
/// A reader never sees half a file, and a failure leaves what was there before. A file that is replaced keeps its mode; a link is
/// replaced itself, not the file that it names.
///
/// # Errors
/// The error of the system or of `write`. Nothing is left behind.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path)?;
    let replaced = fs::symlink_metadata(path).ok().filter(Metadata::is_file);
    let result = fill(&beside, replaced, write).and_then(|()| durable::rename(&beside, path));
    if result.is_err() {
        // The first error is the one to report; the file may not even exist.
        let _ = fs::remove_file(&beside);
    }
    result?;
    // The name, too, is to survive a loss of power.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    durable::sync_folder(folder.unwrap_or(Path::new(".")))
}

fn fill(
    path: &Path,
    replaced: Option<Metadata>,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::new(durable::create(path)?);
    // Before there is anything in it that others should not read.
    if let Some(replaced) = replaced {
        file.get_ref().set_permissions(replaced.permissions())?;
    }
    write(&mut file)?;
    file.flush()?;
    durable::sync(file.get_ref(), path)
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    // Two processes that write one file must not write into each other's.
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_replaced_and_a_failure_keeps_it_and_leaves_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        for text in ["a longer first text", "second"] {
            write_atomically(&path, |f| f.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let failed = write_atomically(&path, |f| {
            f.write_all(b"half of the thi")?;
            Err(io::Error::other("disk on fire"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "disk on fire");
        assert_eq!(fs::read(&path).unwrap(), b"second");
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_link_does_not_lead_elsewhere() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
        fs::write(&secret, "old").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&secret, &link).unwrap();
        write_atomically(&secret, |f| f.write_all(b"new")).unwrap();
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        write_atomically(&link, |f| f.write_all(b"other")).unwrap();
        assert_eq!((fs::read(&secret).unwrap(), fs::read(&link).unwrap()), (b"new".to_vec(), b"other".to_vec()));
    }

    #[test]
    fn a_missing_folder_and_a_path_without_a_name_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/such/folder/a.txt");
        assert_eq!(write_atomically(&nowhere, |_| Ok(())).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(write_atomically(Path::new("/"), |_| Ok(())).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
