//! Output of commands to stdout and to files.

use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::exit::{Exit, Failure, OrExit};
use ebm_train::files::write_atomically;

/// Prints to stdout. A reader that stops early (`ebm bounds list | head -1`) is not an error.
pub fn print(text: &str) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).or_exit(Exit::Other),
        _ => Ok(Exit::Success),
    }
}

/// Prints a value as indented JSON.
pub fn print_json(value: &impl Serialize) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(value).or_exit(Exit::Other)?;
    print(&format!("{text}\n"))
}

/// Writes a file completely, or leaves what was there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = write_atomically(path, |file| file.write_all(bytes));
    let failed = |error| anyhow::Error::new(error).context(format!("{}: cannot write the file", path.display()));
    written.map_err(failed).or_exit(Exit::Other)
}
