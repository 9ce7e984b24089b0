//! Why a picture could not be made.

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
    /// An axis that spans nothing.
    #[error("axis {name}: [{low}, {high}] cannot be drawn; a picture needs two finite ends, the lower one first")]
    Axis {
        /// The axis.
        name: String,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// Values that do not fill their grid.
    #[error("a grid of {columns} x {rows} cells needs {} values, got {found}", columns * rows)]
    Grid {
        /// Cells along the first axis.
        columns: usize,
        /// Cells along the second axis.
        rows: usize,
        /// Number of values given.
        found: usize,
    },
    /// The drawing library failed; with the fonts and sizes used here it should not.
    #[error("drawing failed, which is a defect of this program: {0}")]
    PotentialBug(String),
}
