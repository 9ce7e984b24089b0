//! Why a picture could not be made.

use plotters::drawing::DrawingAreaErrorKind;
use std::path::PathBuf;
use thiserror::Error;

/// A picture that could not be drawn or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The file cannot be written.
    #[error("{}: cannot write the picture: {source}", path.display())]
    Write {
        /// The picture's file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The drawing library failed; with the fonts and sizes used here it should not.
    #[error("drawing failed, which is a defect of this program: {0}")]
    PotentialBug(String),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::PotentialBug(error.to_string())
    }
}
