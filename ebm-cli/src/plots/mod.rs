//! Pictures of models and runs, as PNG files.
//!
//! Everything here takes plain numbers. Files are written whole or not at all, the typeface is compiled in, and what
//! cannot be shown (points outside the axes, values that are not finite) is said in the picture.

mod bounds;
mod canvas;
mod colour_map;
mod density;
mod frame;
mod gallery;
mod histogram;
mod legend;
mod limits;
mod pairs;
mod panel;
mod scale;
mod scatter;
mod spectrum;
mod strips;

pub use bounds::{Bound, BoundsPicture, Coverage, CurvePoint};
pub use density::{Cloud, DensityPicture};
pub use frame::Frame;
pub use gallery::{Gallery, GalleryPicture};
pub use histogram::{Histogram, save_histograms};
pub use pairs::{Columns, save_pairs};
pub use scatter::save_scatter;
pub use spectrum::save_spectrum;
pub use strips::{Strip, Strips};

use plotters::drawing::DrawingAreaErrorKind;
use std::path::PathBuf;
use thiserror::Error;

/// A picture that could not be drawn or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    #[error("{}: cannot write the picture: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    /// The drawing library failed; with the fonts and sizes used here it should not.
    #[error("drawing failed, which is a defect of this program: {0}")]
    PotentialBug(String),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::PotentialBug(error.to_string())
    }
}

#[cfg(test)]
mod tests;
