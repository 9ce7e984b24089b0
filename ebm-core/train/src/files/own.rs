//! Making sure that what is written to a file or folder changes nothing elsewhere.

use std::fs::{self, File, Metadata};
use std::{io, path::Path};

use super::{regular::other_kind, write_atomically};

/// Prepares the file at `path`, if there is one, for bytes to be added to it. A file with several names, as `cp -al` makes them,
/// becomes a copy under this name; the others keep theirs.
///
/// # Errors
/// The error of the system, or that a link is there, or something that is no file.
pub fn detach(path: &Path) -> io::Result<()> {
    let Some(found) = own(path)? else { return Ok(()) };
    if !found.is_file() {
        return Err(other_kind());
    }
    if has_other_names(&found) {
        write_atomically(path, |copy| io::copy(&mut File::open(path)?, copy).map(drop))?;
    }
    Ok(())
}

/// What is at `path`, if anything is.
///
/// # Errors
/// The error of the system, or that a link is there.
pub fn own(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(found) if found.is_symlink() => {
            let text = "it is a link, and a run writes nothing elsewhere; put in its place what it leads to";
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
        found => found.map(Some),
    }
}

/// Whether a file has more than one name; not known everywhere.
#[cfg(unix)]
pub fn has_other_names(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

/// Whether a file has more than one name; not known everywhere.
#[cfg(not(unix))]
pub fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Whether `path` still names this open file: no longer once it was removed, or replaced by another.
pub fn is_named(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => are_one(&open, &there),
        _ => false,
    }
}

#[cfg(unix)]
fn are_one(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn are_one(a: &Metadata, b: &Metadata) -> bool {
    a.is_file() == b.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_with_another_name_becomes_a_copy_and_one_without_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        detach(&a).unwrap();
        fs::write(&a, "text").unwrap();
        let open = File::open(&a).unwrap();
        detach(&a).unwrap();
        assert!(is_named(&open, &a) && !is_named(&open, &b));
        fs::hard_link(&a, &b).unwrap();
        detach(&a).unwrap();
        assert!(!is_named(&open, &a) && is_named(&open, &b));
        fs::OpenOptions::new().append(true).open(&a).unwrap().write_all(b" and more").unwrap();
        assert_eq!([&a, &b].map(|path| fs::read_to_string(path).unwrap()), ["text and more", "text"]);
    }

    #[test]
    fn links_and_what_is_no_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [link, nothing] = ["link", "nothing"].map(|name| folder.path().join(name));
        symlink(&nothing, &link).unwrap();
        assert!(detach(&link).unwrap_err().to_string().contains("it is a link"));
        assert!(own(&link).is_err() && own(&nothing).unwrap().is_none() && own(folder.path()).unwrap().is_some());
        assert_eq!(detach(folder.path()).unwrap_err().to_string(), "not a regular file");
    }
}
