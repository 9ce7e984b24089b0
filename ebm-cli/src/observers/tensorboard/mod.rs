//! Writes figures for TensorBoard.

mod event;
mod record;

use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use self::event::{Content, event};
use self::record::write_record;
use super::metrics_log::of_report;
use crate::run_directory::{RunDirectoryError, layout};

/// Writes the value of every figure of every report (`training/lower`, ...) and every evaluation (`evaluation/nll`, ...)
/// to an event file of TensorBoard. Values are in single precision, and what is not finite is written as it is. Events
/// carry the time of day, so two equal runs write different files.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    out: BufWriter<File>,
}

impl TensorBoard {
    /// Starts a file `tensorboard/events.out.tfevents.<seconds since 1970>.<host>.<process>` of the run at `directory`,
    /// which has done `done` steps. Where that is not 0, what older files say of later steps becomes void.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub fn create(directory: &Path, done: u64) -> Result<Self, RunDirectoryError> {
        let folder = directory.join(layout::TENSORBOARD);
        fs::create_dir_all(&folder).map_err(RunDirectoryError::io(&folder, "make the folder"))?;
        let (path, file) = make(&folder)?;
        let out = BufWriter::new(file);
        let mut board = Self { path, out };
        board.event(0, &Content::FileVersion)?;
        if done > 0 {
            board.event(done + 1, &Content::Start)?;
        }
        board.flush()?;
        Ok(board)
    }

    fn scalars<'a>(
        &mut self,
        step: u64,
        group: &str,
        values: impl Iterator<Item = (&'a String, f64)>,
    ) -> Result<(), RunDirectoryError> {
        let values: Vec<_> = values.map(|(name, value)| (format!("{group}/{name}"), value)).collect();
        self.event(step, &Content::Scalars(&values))?;
        self.flush()
    }

    fn event(&mut self, step: u64, content: &Content<'_>) -> Result<(), RunDirectoryError> {
        let data = event(now(), step, content);
        write_record(&mut self.out, &data).map_err(RunDirectoryError::io(&self.path, "write the file"))
    }

    fn flush(&mut self) -> Result<(), RunDirectoryError> {
        self.out
            .flush()
            .map_err(RunDirectoryError::io(&self.path, "write the file"))
    }
}

impl<G: Geometry> Observer<G> for TensorBoard {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        let metrics = of_report(report);
        self.scalars(
            report.step,
            "training",
            metrics.iter().map(|(name, metric)| (name, metric.value)),
        )?;
        Ok(Flow::Continue)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.scalars(
            trainer.step(),
            "evaluation",
            evaluation.iter().map(|(name, figure)| (name, figure.value)),
        )?;
        Ok(Flow::Continue)
    }
}

/// Makes a file that was not there. TensorBoard reads the files of a folder in the order of their names.
fn make(folder: &Path) -> Result<(PathBuf, File), RunDirectoryError> {
    let host = gethostname::gethostname().to_string_lossy().replace(['/', '\\'], "-");
    let name = format!("events.out.tfevents.{:010}.{host}.{}", now() as u64, std::process::id());
    // A program that embeds this one may start two files in one second.
    let mut path = folder.join(&name);
    let mut more = 0;
    loop {
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                more += 1;
                path = folder.join(format!("{name}.{more}"));
            }
            made => {
                let file = made.map_err(RunDirectoryError::io(&path, "make the file"))?;
                return Ok((path, file));
            }
        }
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::record::tests::read_records;
    use super::*;

    /// The step of an event, which its field of key 0x10 holds in one byte here, and the rest behind it.
    fn step(event: &[u8]) -> (u8, &[u8]) {
        // The time takes the first nine bytes.
        match event[9] {
            0x10 => (event[10], &event[11..]),
            _ => (0, &event[9..]),
        }
    }

    fn files(run: &Path) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(run.join(layout::TENSORBOARD)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let is_event_file = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("events.out.tfevents.")
        };
        assert!(paths.iter().all(is_event_file), "{paths:?}");
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    #[test]
    fn a_file_starts_with_its_version_and_a_resumed_run_voids_what_it_does_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut board = TensorBoard::create(folder.path(), 0).unwrap();
        let (name, value) = ("lower".to_string(), 1.5);
        board.scalars(3, "training", [(&name, value)].into_iter()).unwrap();
        // Flushed: a reader sees it while the run goes on.
        let records = read_records(&files(folder.path())[0]);
        assert_eq!(records.len(), 2);
        assert_eq!(step(&records[0]), (0, &b"\x1a\x0dbrain.Event:2"[..]));
        let (at, summary) = step(&records[1]);
        assert_eq!(at, 3);
        assert!(summary.windows(14).any(|bytes| bytes == b"training/lower"));
        assert!(summary.ends_with(&1.5f32.to_le_bytes()));

        drop(board);
        drop(TensorBoard::create(folder.path(), 2).unwrap());
        let files = files(folder.path());
        assert_eq!(files.len(), 2, "nothing is replaced");
        assert_eq!(step(&read_records(&files[1])[1]), (3, &b"\x3a\x02\x08\x01"[..]));
    }
}
