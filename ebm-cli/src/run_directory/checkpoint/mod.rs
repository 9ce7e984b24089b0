//! Checkpoints: everything a run needs to go on exactly where it was, each in a folder that is there whole or not at all.

mod error;
mod manifest;
mod store;

pub use error::CheckpointError;
pub use manifest::{Digest, MANIFEST, Manifest, Watched};
pub use store::{Checkpoint, Checkpoints, Moment};
