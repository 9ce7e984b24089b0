//! The log of a run: what its processes said, one after the other, between a line when each starts and one when it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::exit::Exit;

/// Starts the lines that are no process's.
const MARK: &str = "[ebm sweep]";
/// What is read of a log, its end.
const TAIL: u64 = 64 << 10;
/// Exit codes of shells for a process that SIGTERM ended, which is no fault of its own.
const TERMINATED: i32 = 128 + 15;

/// The line before what a process says.
pub fn start_line(id: &str, place: &str) -> String {
    format!("{MARK} run {id} starts on {place}")
}

/// The line after what a process said.
pub fn end_line(id: &str, code: &str) -> String {
    format!("{MARK} run {id} ended with exit code {code}")
}

/// Adds lines to a log.
///
/// # Errors
/// What the system said.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{}\n", text.trim_end()).as_bytes())
}

/// Why the last process of a run failed, if one did. To diverge and to be asked to stop is not to fail.
pub(super) fn failure(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    failure_in(&String::from_utf8_lossy(&bytes))
}

fn failure_in(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with(MARK))?;
    let (_, code) = lines[last].split_once(" ended with exit code ")?;
    let code: i32 = code.trim().parse().ok()?;
    let no_failure = [Exit::Success, Exit::NotFinite, Exit::Diverged, Exit::Interrupted];
    if code == TERMINATED || no_failure.iter().any(|exit| *exit as i32 == code) {
        return None;
    }
    let said = lines[..last].iter().rev().take_while(|line| !line.starts_with(MARK));
    let reason = said.into_iter().find_map(|line| line.strip_prefix("error: "));
    Some(reason.map_or_else(|| format!("exit code {code}"), str::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(parts: &[&str]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0003.log");
        parts.iter().for_each(|part| append(&path, part).unwrap());
        failure(&path)
    }

    #[test]
    fn the_last_process_tells_whether_it_failed_and_why() {
        let starts = start_line("0003", "node");
        let ends = |code: i32| end_line("0003", &code.to_string());
        let reason = "error: data that is not there\nsrun: error: task 0: Exited with exit code 4";
        assert_eq!(log(&[]), None);
        assert_eq!(log(&[&starts, reason]), None);
        let why = log(&[&starts, reason, &ends(4)]);
        assert_eq!(why.as_deref(), Some("data that is not there"));
        assert_eq!(log(&[&starts, reason, &ends(4), &starts]), None);
        assert_eq!(
            log(&[&starts, reason, &ends(4), &starts, &ends(137)]).as_deref(),
            Some("exit code 137")
        );
        for code in [0, 6, 7, 130, 143] {
            assert_eq!(log(&[&starts, reason, &ends(code)]), None, "{code}");
        }
    }

    #[test]
    fn the_end_of_a_long_log_is_enough() {
        let noise = "x\n".repeat(TAIL as usize);
        let end = ["error: the disk is full", &end_line("0003", "5")].join("\n");
        assert_eq!(log(&[&noise, &end]).as_deref(), Some("the disk is full"));
    }
}
