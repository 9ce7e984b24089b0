//! Names of the files and folders in a run directory.

/// The marker: says that the directory is a run, and what it was made from.
pub const MARKER: &str = "run.json";
/// The resolved configuration.
pub const CONFIG: &str = "config.toml";
/// The versions of everything that took part.
pub const VERSIONS: &str = "versions.json";
/// The description of the data: what samples need of them, and what tells them from others.
pub const DATA: &str = "data.json";
/// The metrics of the run, one JSON object per line.
pub const METRICS: &str = "metrics.jsonl";
/// The log of events, with times.
pub const LOG: &str = "log.txt";
/// The summary of how the run ended.
pub const SUMMARY: &str = "summary.json";
/// Weights, one file per player.
pub const WEIGHTS: &str = "weights";
/// Checkpoints, one folder each.
pub const CHECKPOINTS: &str = "checkpoints";
/// The lock, held by the process that writes to the run; says which.
pub const LOCK: &str = "lock.json";
/// Pictures.
pub const PICTURES: &str = "pictures";
/// Event files of TensorBoard, where they are enabled.
pub const TENSORBOARD: &str = "tensorboard";

/// Every file but the lock, which is held while they are removed; the marker, which makes the directory a run, last.
pub(super) const FILES: [&str; 7] = [CONFIG, VERSIONS, DATA, METRICS, LOG, SUMMARY, MARKER];
/// The files that carry a checksum, and are written before the run's end.
pub(super) const CHECKED: [&str; 3] = [CONFIG, VERSIONS, DATA];
/// The folders that exist only on request.
pub(super) const OPTIONAL_FOLDERS: [&str; 1] = [TENSORBOARD];
/// Every other folder.
pub(super) const FOLDERS: [&str; 3] = [WEIGHTS, PICTURES, CHECKPOINTS];
