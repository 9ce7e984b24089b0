//! Pictures of models and runs, as PNG files.
//!
//! Everything here takes plain numbers. Files are written whole or not at all, the typeface is compiled in, and what
//! cannot be shown (points outside the axes, values that are not finite) is said in the picture.

mod bounds;
mod canvas;
mod colour_map;
mod density;
mod error;
mod frame;
mod gallery;
mod limits;
mod panel;
mod scale;
mod scatter;
mod spectrum;
mod strips;

pub use bounds::{Bound, BoundsPicture, Coverage, CurvePoint};
pub use density::{Cloud, DensityPicture};
pub use error::PlotError;
pub use frame::Frame;
pub use gallery::{Gallery, GalleryPicture};
pub use scatter::Scatter;
pub use spectrum::SpectrumPicture;
pub use strips::{Strip, Strips};

#[cfg(test)]
mod tests;
