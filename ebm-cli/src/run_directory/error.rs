use ebm_core::error::StateError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

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
        /// A description of what is there.
        found: &'static str,
    },
    /// Another process writes there.
    #[error("{}: another process is training in this run directory{}", path.display(), holder.as_ref().map(|found| format!(" ({found})")).unwrap_or_default())]
    Busy {
        /// The directory.
        path: PathBuf,
        /// The process, if it is known.
        holder: Option<String>,
    },
    /// The run was there when this process began to train it, and is no longer.
    #[error("{}: it was removed or replaced while the run was trained, so nothing more is saved there", path.display())]
    Gone {
        /// The file that is missed.
        path: PathBuf,
    },
    /// The path holds no run to read.
    #[error("{}: no run is here ({reason}); expected a directory that `ebm train` wrote", path.display())]
    NotARun {
        /// The path.
        path: PathBuf,
        /// The part that is missing.
        reason: String,
    },
    /// A file of the run is missing, was changed, or cannot be understood.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// A description of the damage.
        reason: String,
    },
    /// The system refused an operation.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The operation that failed.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// Arrays of weights or of a checkpoint that cannot be read or written.
    #[error("{owner}: {source}")]
    Arrays {
        /// The owner of the arrays: a player, or a checkpoint's path.
        owner: String,
        /// The underlying error.
        source: StateError,
    },
}

impl RunDirectoryError {
    /// Wraps an error of the system at `path`.
    pub(crate) fn io(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, action, source }
    }

    /// The file at `path` is damaged; the reason is put on one line.
    pub(crate) fn damaged(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        let (path, reason) = (path.into(), reason.to_string().trim().replace('\n', " "));
        Self::Damaged { path, reason }
    }

    /// Wraps an error of a player's weights.
    pub(crate) fn weights(player: &str) -> impl FnOnce(StateError) -> Self {
        let owner = format!("weights of the {player}");
        move |source| Self::Arrays { owner, source }
    }

    /// Wraps an error of the arrays of the checkpoint at `path`.
    pub(super) fn checkpoint(path: &Path) -> impl FnOnce(StateError) -> Self {
        let owner = path.display().to_string();
        move |source| Self::Arrays { owner, source }
    }
}
