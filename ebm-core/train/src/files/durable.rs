//! File operations that must survive the death of the process, each known by name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::{path::Path, sync::OnceLock};

use super::own::detach;

/// Bytes of a file that are written at once.
const PIECE: usize = 64 << 10;

/// An operation on a file of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A file or folder is made.
    Create,
    /// Bytes are written.
    Write,
    /// A file or folder is forced to the disk.
    Sync,
    /// A file or folder gets its final name.
    Rename,
    /// A file or folder is removed, or cut short.
    Remove,
}

type Hook = Box<dyn Fn(Operation, &Path) -> io::Result<()> + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Calls `hook` before every operation on a file of a run, from now on; an error it returns is the operation's. For tests of
/// what a full disk or the death of the process leaves behind. Returns whether it is the first one: there can be no other.
pub fn before_file_operations(hook: impl Fn(Operation, &Path) -> io::Result<()> + Send + Sync + 'static) -> bool {
    HOOK.set(Box::new(hook)).is_ok()
}

fn announce(operation: Operation, path: &Path) -> io::Result<()> {
    HOOK.get().map_or(Ok(()), |hook| hook(operation, path))
}

/// Makes a folder and those above it.
pub fn create_folders(path: &Path) -> io::Result<()> {
    announce(Operation::Create, path)?;
    fs::create_dir_all(path)
}

/// Makes an empty file; one that is there is replaced. A link in its place does not lead elsewhere, and a file with another name
/// stays there as it was.
pub fn create(path: &Path) -> io::Result<File> {
    announce(Operation::Create, path)?;
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            File::create_new(path)
        }
        made => made,
    }
}

/// Writes a new file and forces it to the disk.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    for piece in bytes.chunks(PIECE) {
        append(&mut file, path, piece)?;
    }
    sync(&file, path)
}

/// Adds bytes to an open file.
pub fn append(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    announce(Operation::Write, path)?;
    file.write_all(bytes)
}

/// Forces an open file to the disk.
pub fn sync(file: &File, path: &Path) -> io::Result<()> {
    announce(Operation::Sync, path)?;
    file.sync_all()
}

/// Forces the names in a folder to the disk, where the system can.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    announce(Operation::Sync, path)?;
    match File::open(path).and_then(|folder| folder.sync_all()) {
        // Not every file system can.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Gives a file or folder another name.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    announce(Operation::Rename, to)?;
    fs::rename(from, to)
}

/// Removes a file or a folder with all that is in it; it may be gone already.
pub fn remove(path: &Path) -> io::Result<()> {
    announce(Operation::Remove, path)?;
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Cuts a file to its first `length` bytes and opens it to be added to. It is made one's own first, see [`detach`].
pub fn cut(path: &Path, length: u64) -> io::Result<File> {
    announce(Operation::Remove, path)?;
    detach(path)?;
    let file = OpenOptions::new().append(true).open(path)?;
    file.set_len(length)?;
    Ok(file)
}
