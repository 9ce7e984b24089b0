//! What can be wrong with a run directory.

use ebm_core::error::StateError;
use std::path::PathBuf;
use thiserror::Error;

use super::{CheckpointError, Holder};

/// A run directory that cannot be made, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunDirectoryError {
    /// A run is there already.
    #[error("{}: a run is there already; give --resume to go on with it, --overwrite to replace it, or --run DIR to put this one elsewhere", path.display())]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Something else is there; it is never replaced.
    #[error("{}: {found} is there, and it is no run of `ebm`, so it is not touched even with --overwrite; give --run DIR to put the run elsewhere", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// Another process writes there.
    #[error("{}: another process is training in this run directory{}", path.display(), known(holder.as_ref()))]
    Busy {
        /// The directory.
        path: PathBuf,
        /// The process, if it is known.
        holder: Option<Holder>,
    },
    /// The path holds no run to read.
    #[error("{}: no run is here ({reason}); expected a directory that `ebm train` wrote", path.display())]
    NotARun {
        /// The path.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A file of the run cannot be understood.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system refuses.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A checkpoint that cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Weights that cannot be read or written.
    #[error("weights of the {player}: {source}")]
    Weights {
        /// Whose weights.
        player: String,
        /// What is wrong.
        source: StateError,
    },
}

fn known(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" ({holder})"))
}

impl RunDirectoryError {
    /// An error of the system at `path`.
    pub(crate) fn io(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, action, source }
    }
}
