//! Features that somebody else's network gives: read from files, or extracted by it.

mod archive;
mod extractor;
#[cfg(feature = "onnx")]
mod onnx;

pub use archive::{Archive, Statistics};
pub use extractor::{ExtractError, Extractor};
