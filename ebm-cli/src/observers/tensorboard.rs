//! An event file is a TFRecord file of messages in the wire format of protocol buffers, of
//! `tensorflow/core/util/event.proto` and `summary.proto`, with these field numbers:
//!
//! ```text
//! Event      { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
//! Summary    { repeated Value value = 1; }
//! Value      { string tag = 1; float simple_value = 2; }
//! SessionLog { SessionStatus status = 1; }   START = 1
//! ```

use crc::{CRC_32_ISCSI, Crc};
use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::metrics_log::of_report;
use crate::run_directory::{RunDirectoryError, layout};

const CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Writes the value of every figure of every report (`training/lower`, ...) and every evaluation (`evaluation/nll`,
/// ...) to an event file of TensorBoard. Values are in single precision, and values that are not finite are written as
/// they are. Events carry the time of day, so two equal runs write different files.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    out: BufWriter<File>,
}

impl TensorBoard {
    /// Starts a file `tensorboard/events.out.tfevents.<seconds since 1970>.<host>.<process>` of the run at `directory`,
    /// which has done `done` steps. If that is not 0, the values of later steps in older files become void.
    pub fn create(directory: &Path, done: u64) -> Result<Self, RunDirectoryError> {
        let folder = directory.join(layout::TENSORBOARD);
        fs::create_dir_all(&folder).map_err(RunDirectoryError::io(&folder, "make the folder"))?;
        // TensorBoard reads the files of a folder in the order of their names.
        let host = gethostname::gethostname().to_string_lossy().replace(['/', '\\'], "-");
        let name = format!("events.out.tfevents.{:010}.{host}.{}", now() as u64, std::process::id());
        // A program that embeds this one may start two files in one second.
        let mut path = folder.join(&name);
        let mut more = 0;
        let file = loop {
            match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    more += 1;
                    path = folder.join(format!("{name}.{more}"));
                }
                made => break made.map_err(RunDirectoryError::io(&path, "make the file"))?,
            }
        };
        let mut board = Self { path, out: BufWriter::new(file) };
        board.write(0, |event| event.bytes(3, b"brain.Event:2"))?;
        if done > 0 {
            board.write(done + 1, |event| event.bytes(7, &Message::default().varint(1, 1).0))?;
        }
        Ok(board)
    }

    fn scalars<'a>(
        &mut self,
        step: u64,
        group: &str,
        values: impl Iterator<Item = (&'a String, f64)>,
    ) -> Result<Flow, ObserverError> {
        let values = values.map(|(name, value)| (format!("{group}/{name}"), value));
        self.write(step, |event| event.bytes(5, &summary(values).0))?;
        Ok(Flow::Continue)
    }

    /// Writes an event with the present time, after `step` steps, and the fields that `content` adds.
    fn write(&mut self, step: u64, content: impl FnOnce(Message) -> Message) -> Result<(), RunDirectoryError> {
        let event = content(event(now(), step));
        let written = write_record(&mut self.out, &event.0).and_then(|()| self.out.flush());
        written.map_err(RunDirectoryError::io(&self.path, "write the file"))
    }
}

impl<G: Geometry> Observer<G> for TensorBoard {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        let metrics = of_report(report);
        let values = metrics.iter().map(|(name, metric)| (name, metric.value));
        self.scalars(report.step, "training", values)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        let values = evaluation.iter().map(|(name, figure)| (name, figure.value));
        self.scalars(trainer.step(), "evaluation", values)
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// The start of an event at a time in seconds since 1970, after `step` steps.
fn event(seconds: f64, step: u64) -> Message {
    let event = Message::default().fixed(1, 1, &seconds.to_le_bytes());
    if step > 0 { event.varint(2, step) } else { event }
}

/// Values by tag, in single precision.
fn summary(values: impl Iterator<Item = (String, f64)>) -> Message {
    values.fold(Message::default(), |summary, (tag, value)| {
        let entry = Message::default().bytes(1, tag.as_bytes());
        summary.bytes(1, &entry.fixed(2, 5, &(value as f32).to_le_bytes()).0)
    })
}

/// A message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    fn varint(self, field: u64, value: u64) -> Self {
        self.number(field << 3).number(value)
    }

    fn fixed(self, field: u64, wire_type: u64, value: &[u8]) -> Self {
        let mut message = self.number(field << 3 | wire_type);
        message.0.extend(value);
        message
    }

    fn bytes(self, field: u64, value: &[u8]) -> Self {
        let mut message = self.number(field << 3 | 2).number(value.len() as u64);
        message.0.extend(value);
        message
    }
}

/// Writes one record: the length of its data (`u64`, little-endian), the masked checksum of these eight bytes (`u32`),
/// the data, and the masked checksum of the data (`u32`).
fn write_record(mut out: impl Write, data: &[u8]) -> io::Result<()> {
    for part in [&(data.len() as u64).to_le_bytes(), data] {
        out.write_all(part)?;
        out.write_all(&masked(part).to_le_bytes())?;
    }
    Ok(())
}

/// A CRC-32C, rotated and shifted: the format does so since data may hold checksums itself.
fn masked(data: &[u8]) -> u32 {
    CRC32C.checksum(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The literals are the serialised messages of the Python package `tensorboard` 2.21.
    #[test]
    fn events_are_the_bytes_of_tensorboards_own_messages() {
        let values = [("a".to_string(), 1.0), ("evaluation/nll".to_string(), -1.83125)];
        let scalars = event(1_760_000_000.25, 1).bytes(5, &summary(values.into_iter()).0);
        let scalars_of_tensorboard =
            "0900001000de39da4110012a210a080a0161150000803f0a150a0e6576616c756174696f6e2f6e6c6c156666eabf";
        assert_eq!(hex(&scalars.0), scalars_of_tensorboard);
        let values = [("x".to_string(), f64::NAN), ("y".to_string(), f64::NEG_INFINITY)];
        let bytes = summary(values.into_iter()).0;
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert!(float(bytes.len() - 14).is_nan());
        assert_eq!(float(bytes.len() - 4), f32::NEG_INFINITY);
    }

    #[test]
    fn a_record_is_framed_as_tensorboard_frames_it() {
        let mut file = Vec::new();
        write_record(&mut file, b"ebm").unwrap();
        write_record(&mut file, b"").unwrap();
        // Written by the record writer of the Python package `tensorboard` 2.21.
        let expected = concat!("0300000000000000b099490e65626db2f496eb", "000000000000000029039807d8ea82a2");
        assert_eq!(hex(&file), expected);
    }

    /// The events of a file without their times, in hexadecimal digits.
    fn events(mut file: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        while let Some((length, rest)) = file.split_first_chunk() {
            let length = u64::from_le_bytes(*length) as usize;
            events.push(hex(&rest[4 + 9..4 + length]));
            file = &rest[4 + length + 4..];
        }
        events
    }

    #[test]
    fn a_file_starts_with_its_version_and_a_resumed_run_voids_what_it_does_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = || {
            let entries = fs::read_dir(folder.path().join(layout::TENSORBOARD)).unwrap();
            let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(paths.iter().all(|path| name(path).starts_with("events.out.tfevents.")), "{paths:?}");
            paths.iter().map(|path| events(&fs::read(path).unwrap())).collect::<Vec<_>>()
        };
        let version = "1a0d627261696e2e4576656e743a32";
        let mut board = TensorBoard::create(folder.path(), 0).unwrap();
        board.scalars(3, "training", [(&"lower".to_string(), 1.5)].into_iter()).unwrap();
        // Flushed: a reader sees it while the run goes on.
        let lower = "10032a170a150a0e747261696e696e672f6c6f776572150000c03f";
        assert_eq!(files(), [[version, lower]]);
        drop(board);
        drop(TensorBoard::create(folder.path(), 2).unwrap());
        let files = files();
        assert_eq!(files.len(), 2, "nothing is replaced");
        assert_eq!(files[1], [version, "10033a020801"]);
    }
}
