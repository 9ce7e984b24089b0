//! Deaths and full disks on demand, at a chosen file operation.
//!
//! `FAULT_AT=k` chooses the k-th operation of the process, counted from 1; `FAULT_KIND` says what happens there: `die` (the
//! process ends at once, as if it were killed), `full` (the disk is full from there on), `full-once`, or `denied` (nothing
//! may be written from there on). `FAULT_TRACE=FILE` writes each operation to a file.

use ebm_cli::run_directory::durable::{Operation, before_file_operations};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Sets up the fault that the environment asks for.
pub fn from_environment() {
    let text = |name: &str| std::env::var(name).ok();
    let at: Option<u64> = text("FAULT_AT").map(|at| at.parse().expect("FAULT_AT is a number"));
    let (kind, trace) = (text("FAULT_KIND"), text("FAULT_TRACE").map(PathBuf::from));
    if at.is_none() && trace.is_none() {
        return;
    }
    let count = AtomicU64::new(0);
    before_file_operations(move |operation, path| {
        let number = 1 + count.fetch_add(1, Ordering::Relaxed);
        if let Some(trace) = &trace {
            note(trace, number, operation, path)?;
        }
        match (at, kind.as_deref()) {
            (Some(at), Some("die")) if number == at => std::process::abort(),
            (Some(at), Some("full")) if number >= at && operation != Operation::Remove => {
                Err(io::ErrorKind::StorageFull.into())
            }
            (Some(at), Some("full-once")) if number == at => Err(io::ErrorKind::StorageFull.into()),
            (Some(at), Some("denied")) if number >= at => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Ok(()),
        }
    });
}

fn note(trace: &Path, number: u64, operation: Operation, path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(trace)?;
    writeln!(file, "{number} {operation:?} {}", path.display())
}
