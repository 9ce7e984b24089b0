//! The log of a run: the output of its processes, one after the other, between a line when each starts and one when it
//! ends.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::exit::Exit;
use crate::run_directory::{own, regular};
use crate::shown::Shown;

/// Prefix of the lines that are not output of a process.
const MARK: &str = "[ebm sweep]";
/// The most bytes of a log that are read, from its end.
const TAIL: u64 = 64 << 10;
/// The exit code of a shell for a process that SIGTERM ended, which is not a failure of the process.
const TERMINATED: i32 = 128 + 15;

pub fn start_line(id: &str, place: &str) -> String {
    format!("{MARK} run {id} starts on {place}")
}

pub fn end_line(id: &str, code: &str) -> String {
    format!("{MARK} run {id} ended with exit code {code}")
}

pub(super) fn append(path: &Path, text: &str) -> io::Result<()> {
    own::detach(path)?;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{}\n", text.trim_end()).as_bytes())
}

/// Returns why the last process of a run failed, if it did. A run that diverged or was asked to stop did not fail.
pub(super) fn failure(path: &Path) -> Option<String> {
    let (mut file, length) = regular::open_sized(path).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with(MARK))?;
    let (_, code) = lines[last].split_once(" ended with exit code ")?;
    let code: i32 = code.trim().parse().ok()?;
    let no_failure = [Exit::Success, Exit::NotFinite, Exit::Diverged, Exit::Interrupted];
    if code == TERMINATED || no_failure.iter().any(|exit| *exit as i32 == code) {
        return None;
    }
    let mut said = lines[..last].iter().rev().take_while(|line| !line.starts_with(MARK));
    let reason = said.find_map(|line| line.strip_prefix("error: "));
    Some(reason.map_or_else(|| format!("exit code {code}"), |reason| Shown(reason).to_string()))
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
        let killed = log(&[&starts, reason, &ends(4), &starts, &ends(137)]);
        assert_eq!(killed.as_deref(), Some("exit code 137"));
        for code in [0, 6, 7, 130, 143] {
            assert_eq!(log(&[&starts, reason, &ends(code)]), None, "{code}");
        }
        // The end of a long log is enough.
        assert_eq!(
            log(&[&"x\n".repeat(TAIL as usize), "error: the disk is full", &ends(5)]).as_deref(),
            Some("the disk is full")
        );
    }
}
