use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, path::Path};

use super::{RunDirectoryError, durable, layout, own, regular};

/// Largest description of a holder that is read, in bytes.
const LIMIT: u64 = 4096;

/// Times that the lock is taken before it is believed to be the one that others meet.
const TRIES: u32 = 10;

/// The process that holds a run directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process's number.
    pub process: u32,
    /// The machine it runs on.
    pub host: String,
    /// The time at which it took the directory, in seconds since 1970 (UTC).
    pub since: u64,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = now().saturating_sub(self.since) / 60;
        write!(f, "process {} on {}, for {minutes} min", self.process, self.host)
    }
}

/// Keeps other processes from writing to a run directory while the file is open. `None` on a file system without locks.
pub fn lock(directory: &Path) -> Result<Option<File>, RunDirectoryError> {
    let path = directory.join(layout::LOCK);
    let refused = |error| RunDirectoryError::io(&path, "lock the run directory")(error);
    let mut tries = 0;
    let mut file = loop {
        tries += 1;
        let mut file = open(&path).map_err(refused)?;
        match persist(&file) {
            // Another process may have put a file of its own there between the two. Not every file system can tell.
            Ok(()) if tries < TRIES && !own::is_named(&file, &path) => {}
            Ok(()) => break alone(file, &path).map_err(refused)?,
            Err(TryLockError::WouldBlock) => {
                let holder = holder(&mut file).map(|holder| holder.to_string());
                return Err(RunDirectoryError::Busy { path: directory.into(), holder });
            }
            // Some network file systems know no locks; the run itself does not need one.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tracing::warn!(path = %path.display(), "the file system has no locks: nothing keeps a second process out");
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
    };
    let write = |file: &mut File| {
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        file.set_len(0)?;
        file.rewind()?;
        serde_json::to_writer(&mut *file, &Holder { process: std::process::id(), host, since: now() })?;
        file.write_all(b"\n")
    };
    write(&mut file).map_err(refused)?;
    Ok(Some(file))
}

fn open(path: &Path) -> io::Result<File> {
    match own::own(path)? {
        // A pipe would be waited for.
        Some(found) if !found.is_file() => Err(regular::other_kind()),
        _ => OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path),
    }
}

/// The locked file at `path` if it has no other name; else a new one there, locked before it can be seen. A copy of the run that
/// shares its files (`cp -al`) has a lock of its own from then on.
fn alone(file: File, path: &Path) -> io::Result<File> {
    if !own::has_other_names(&file.metadata()?) {
        return Ok(file);
    }
    let beside = path.with_file_name(format!(".{}.{}.tmp", layout::LOCK, std::process::id()));
    let new = durable::create(&beside).and_then(|new| {
        new.try_lock()?;
        durable::rename(&beside, path).map(|()| new)
    });
    if new.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    new
}

/// A process that asks whether a directory is held holds it for an instant, which must not keep this one out.
fn persist(file: &File) -> Result<(), TryLockError> {
    for _ in 0..3 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            outcome => return outcome,
        }
    }
    file.try_lock()
}

/// The process that trains in a run directory at this moment, if one does and is known.
pub fn held_by(directory: &Path) -> Option<Option<Holder>> {
    let mut file = regular::open(&directory.join(layout::LOCK)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder(&mut file)),
        _ => None,
    }
}

/// The description of the holder, if it is complete.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(LIMIT).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_and_told_who_was_first_where_that_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(held_by(folder.path()), None);
        let first = lock(folder.path()).unwrap();
        let message = lock(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
        assert_eq!(held_by(folder.path()).unwrap().unwrap().process, std::process::id());
        std::fs::write(folder.path().join(layout::LOCK), "{\"pro").unwrap();
        assert_eq!(held_by(folder.path()), Some(None));
        let message = lock(folder.path()).unwrap_err().to_string();
        assert!(message.contains("another process"), "{message}");
        drop(first);
        assert_eq!(held_by(folder.path()), None);
        lock(folder.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_that_shares_the_file_is_not_held_and_a_link_is_refused() {
        let [run, copy] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        drop(lock(run.path()).unwrap());
        let [own, other] = [&run, &copy].map(|folder| folder.path().join(layout::LOCK));
        std::fs::hard_link(&own, &other).unwrap();
        let before = std::fs::read(&other).unwrap();
        let held = lock(run.path()).unwrap();
        assert_eq!((held_by(copy.path()), std::fs::read(&other).unwrap()), (None, before));
        assert!(held_by(run.path()).is_some());
        lock(run.path()).unwrap_err();
        drop(held);

        std::fs::remove_file(&other).unwrap();
        std::os::unix::fs::symlink(run.path().join("secret"), &other).unwrap();
        assert!(lock(copy.path()).unwrap_err().to_string().contains("it is a link"));
        assert!(!run.path().join("secret").exists());
    }
}
