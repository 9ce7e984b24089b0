//! Pictures of models and runs, as PNG files.
//!
//! Everything here takes plain numbers. Files are written whole or not at all, the typeface is compiled in, and what
//! cannot be shown (points outside the axes, values that are not finite) is said in the picture.

mod canvas;
mod colour_map;
mod curves;
mod density;
mod error;
mod font;
mod gallery;
mod grid;
mod legend;
mod limits;
mod panel;
mod sandwich;
mod scale;
mod scatter;
mod spectrum;
mod strips;

pub use curves::{Coverage, CurvePoint, Curves};
pub use density::{Cloud, DensityPicture};
pub(crate) use ebm_train::files::write_atomically;
pub use error::PlotError;
pub use gallery::{Gallery, GalleryPicture};
pub use grid::{Axis, Frame, Grid};
pub use sandwich::{SandwichPicture, SandwichSide};
pub use scatter::Scatter;
pub use spectrum::{SpectrumBand, SpectrumPicture};
pub use strips::{Strip, Strips};

#[cfg(test)]
mod tests;
