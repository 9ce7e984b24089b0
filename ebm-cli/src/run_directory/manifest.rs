use ebm_train::Progress;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io::Read, path::Path};

use super::{RunDirectoryError, checksum, format::Format, regular};

/// Name of the file. It is written last: a folder without it is not a checkpoint.
pub const MANIFEST: &str = "manifest.json";
/// The format that this program writes.
const FORMAT: Format = Format::new("ebm checkpoint", 1);
/// Largest manifest that is read, in bytes.
const LIMIT: u64 = 4 << 20;

/// The length and hash of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of it, in hexadecimal.
    pub blake3: String,
}

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() }
    }

    /// Checks that the file at `path` has this length and hash; the error says what is wrong with it.
    pub fn check(&self, path: &Path) -> Result<(), String> {
        let (file, found) = regular::open_sized(path).map_err(|error| error.to_string())?;
        if found != self.bytes {
            return Err(format!("its content is not what was written: {found} bytes instead of {}", self.bytes));
        }
        let mut hash = blake3::Hasher::new();
        std::io::copy(&mut file.take(self.bytes), &mut hash).map_err(|error| error.to_string())?;
        match hash.finalize().to_hex().as_str() == self.blake3 {
            true => Ok(()),
            false => Err("its content is not what was written (BLAKE3 differs)".into()),
        }
    }
}

/// The value of the watched metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// Its name in an evaluation.
    pub metric: String,
    /// Its value; smaller is better.
    pub value: f64,
}

/// The contents of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format and its version.
    pub format: String,
    /// The checksum of the file itself, as it was read; manifests of earlier versions have none.
    #[serde(default, skip_serializing)]
    pub checksum: Option<String>,
    /// The progress of the run.
    pub progress: Progress,
    /// BLAKE3 of the resolved configuration.
    pub config: String,
    /// The resolved configuration, to restore `config.toml` from; manifests of earlier versions have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub config_text: String,
    /// The description of the data, to restore `data.json` from; empty if it is long, and in manifests of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub data_text: String,
    /// Versions of everything that takes part, as `versions.json` has them.
    pub versions: serde_json::Value,
    /// Number of threads, which decides the order of sums.
    pub threads: usize,
    /// Number of processes that trained together, which does too.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub processes: usize,
    /// The metrics file up to here.
    pub metrics: Digest,
    /// Seconds of training so far.
    pub seconds: f64,
    /// The watched metric, if this checkpoint was made because it improved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Watched>,
    /// The files beside this one.
    pub files: BTreeMap<String, Digest>,
}

fn one() -> usize {
    1
}

fn is_one(number: &usize) -> bool {
    *number == 1
}

impl Manifest {
    /// The manifest of a checkpoint to come, at step 0, with the text of the configuration, versions and processes.
    pub fn new(config_text: String, versions: serde_json::Value, processes: usize) -> Self {
        Self {
            format: FORMAT.to_string(),
            checksum: None,
            progress: Progress::default(),
            config: Digest::of(config_text.as_bytes()).blake3,
            config_text,
            data_text: String::new(),
            versions,
            threads: ebm_core::kernels::parallel::threads(),
            processes,
            metrics: Digest::default(),
            seconds: 0.0,
            watched: None,
            files: BTreeMap::new(),
        }
    }

    /// Reads the manifest of the checkpoint at `folder`; additions of a later version of the format are ignored.
    pub fn read(folder: &Path) -> Result<Self, RunDirectoryError> {
        let path = folder.join(MANIFEST);
        let damaged = |reason: String| RunDirectoryError::damaged(&path, reason);
        let (file, size) = regular::open_sized(&path).map_err(|error| damaged(error.to_string()))?;
        if size > LIMIT {
            return Err(damaged(format!("{size} bytes; expected at most {LIMIT}")));
        }
        let mut bytes = Vec::new();
        file.take(LIMIT).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        Self::parse(&bytes).map_err(damaged)
    }

    /// The manifest in a file's content.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        // The format first: a newer one may look different.
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let other = |error: serde_json::Error| format!("not a manifest: {error}");
        let head: Head = serde_json::from_slice(bytes).map_err(other)?;
        FORMAT.accepts(&head.format)?;
        let has_checksum = checksum::check(MANIFEST, bytes)?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(other)?;
        // No version wrote the one without the other.
        if !has_checksum && !manifest.config_text.is_empty() {
            return Err("its checksum is missing".into());
        }
        let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        match manifest.files.keys().find(|name| !plain(name)) {
            None => Ok(manifest),
            Some(name) => Err(format!("{name:?} is no name of a file beside it")),
        }
    }
}
