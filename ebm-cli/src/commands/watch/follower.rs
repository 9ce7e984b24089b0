//! Follows a metrics file that grows.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::observers::History;
use crate::run_directory::{MetricsLine, MetricsReader, RunDirectoryError, layout, regular};

/// Bytes before the place that was read to that must still be there: about a line.
const TAIL: u64 = 4096;

/// Follows the metrics file of a run. A file that was cut back or replaced is read from its start again.
#[derive(Debug, Default)]
pub(super) struct Follower {
    directory: PathBuf,
    pub(super) history: History,
    /// The step of the last line.
    pub(super) step: u64,
    /// Whether the last look met a damaged line, which waits for a second look.
    pub(super) is_unsure: bool,
    lines: u64,
    end: u64,
    tail: Vec<u8>,
}

impl Follower {
    /// At the start of the file of the run at `directory`; there need be none yet.
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.into(), ..Self::default() }
    }

    /// Reads what is new: whole lines only. A damaged line is an error at a second look: a first one may come while the file
    /// is cut back and written anew.
    pub(super) fn look(&mut self) -> Result<Vec<MetricsLine>, RunDirectoryError> {
        // Whether the file still starts with the part that was read.
        let goes_on = self.tail.is_empty() || self.read_tail()?.as_ref() == Some(&self.tail);
        if !goes_on {
            *self = Self { is_unsure: self.is_unsure, ..Self::new(&self.directory) };
        }
        let mut reader = match MetricsReader::open_after(&self.directory, self.end, self.lines) {
            Err(RunDirectoryError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            opened => opened?,
        };
        let mut news = Vec::new();
        for line in &mut reader {
            match line {
                Ok(line) => {
                    self.history.read(&line);
                    self.step = line.step;
                    news.push(line);
                }
                Err(RunDirectoryError::Damaged { .. }) if !self.is_unsure => {
                    self.is_unsure = true;
                    // The next look finds another tail, and starts afresh.
                    self.tail.push(0);
                    return Ok(news);
                }
                Err(error) => return Err(error),
            }
        }
        self.is_unsure = false;
        (self.lines, self.end) = (reader.lines(), reader.end());
        if !news.is_empty() {
            self.tail = self.read_tail()?.unwrap_or_default();
        }
        Ok(news)
    }

    /// The last bytes before the place that was read to, if the file is that long.
    fn read_tail(&self) -> Result<Option<Vec<u8>>, RunDirectoryError> {
        let path = self.directory.join(layout::METRICS);
        let start = self.end.saturating_sub(TAIL);
        let read = || {
            let mut file = regular::open(&path)?;
            file.seek(SeekFrom::Start(start))?;
            let mut tail = Vec::new();
            file.take(self.end - start).read_to_end(&mut tail)?;
            Ok(Some(tail).filter(|tail| tail.len() as u64 == self.end - start))
        };
        match read() {
            Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => Ok(None),
            read => read.map_err(RunDirectoryError::io(&path, "read the file")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn line(step: u64, lower: f64) -> String {
        format!(
            r#"{{"step": {step}, "event": "training", "metrics": {{"lower": {{"value": {lower}, "unit": "nats", "standard_error": 0.5, "samples": 2, "guarantee": null}}}}}}"#
        ) + "\n"
    }

    fn followed() -> (TempDir, PathBuf, Follower) {
        let folder = tempfile::tempdir().unwrap();
        let (path, follower) = (folder.path().join(layout::METRICS), Follower::new(folder.path()));
        (folder, path, follower)
    }

    #[test]
    fn a_file_is_followed_from_before_it_is_there_by_whole_lines() {
        let (_folder, path, mut follower) = followed();
        assert!(follower.look().unwrap().is_empty());
        let second = line(20, 2.0);
        let (begun, rest) = second.split_at(30);
        fs::write(&path, line(10, 1.0) + begun).unwrap();
        assert_eq!(follower.look().unwrap().len(), 1);
        assert!(follower.look().unwrap().is_empty());
        fs::write(&path, line(10, 1.0) + begun + rest).unwrap();
        assert_eq!(follower.look().unwrap().len(), 1);
        assert_eq!((follower.step, follower.history.lower.len()), (20, 2));
    }

    #[test]
    fn a_file_that_was_cut_back_or_replaced_is_read_from_its_start() {
        let (_folder, path, mut follower) = followed();
        let values = |follower: &Follower| follower.history.lower.iter().map(|p| p.value).collect::<Vec<_>>();
        fs::write(&path, line(10, 1.0) + &line(20, 2.0)).unwrap();
        follower.look().unwrap();
        fs::write(&path, line(10, 1.0)).unwrap();
        assert_eq!(follower.look().unwrap().len(), 1);
        assert_eq!((follower.step, values(&follower)), (10, vec![1.0]));
        // As long as before, with other values.
        fs::write(&path, line(10, 3.0) + &line(20, 4.0)).unwrap();
        follower.look().unwrap();
        assert_eq!((follower.step, values(&follower)), (20, vec![3.0, 4.0]));
        fs::remove_file(&path).unwrap();
        assert!(follower.look().unwrap().is_empty() && values(&follower).is_empty());
    }

    #[test]
    fn a_damaged_line_is_looked_at_twice() {
        let (_folder, path, mut follower) = followed();
        let damaged = line(10, 1.0) + "torn\n";
        fs::write(&path, &damaged).unwrap();
        assert_eq!(follower.look().unwrap().len(), 1);
        fs::write(&path, line(10, 1.0) + &line(20, 2.0)).unwrap();
        follower.look().unwrap();
        assert_eq!((follower.step, follower.history.lower.len()), (20, 2));
        fs::write(&path, &damaged).unwrap();
        follower.look().unwrap();
        assert!(follower.look().unwrap_err().to_string().contains("line 2"));
    }
}
