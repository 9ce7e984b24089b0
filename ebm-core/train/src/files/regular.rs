//! Reading files that may come from somebody else: regular ones only.
//!
//! To open a pipe waits for its other end, and a device may never end.

use std::fs::{self, File};
use std::{io, io::Read, path::Path};

/// Opens a regular file, or a link to one.
///
/// # Errors
/// The error of the system, or that something else is there.
pub fn open(path: &Path) -> io::Result<File> {
    // Asked before it is opened.
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(other_kind()),
    }
}

/// The same, with its length in bytes.
///
/// # Errors
/// As of [`open`].
pub fn open_sized(path: &Path) -> io::Result<(File, u64)> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// The bytes of a regular file.
///
/// # Errors
/// As of [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a regular file.
///
/// # Errors
/// As of [`open`], or that it is no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    io::read_to_string(open(path)?)
}

/// The error of a path that leads to a folder, a pipe or a device.
pub fn other_kind() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_folders_and_pipes_are_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "text").unwrap();
        assert_eq!((read(&path).unwrap(), read_text(&path).unwrap()), (b"text".to_vec(), "text".to_string()));
        assert_eq!(open(&folder.path().join("b.txt")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(read(folder.path()).unwrap_err().to_string(), "not a regular file");
        #[cfg(unix)]
        {
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            assert_eq!(read_text(&pipe).unwrap_err().to_string(), "not a regular file");
            assert_eq!(read_text(Path::new("/dev/zero")).unwrap_err().to_string(), "not a regular file");
        }
    }
}
