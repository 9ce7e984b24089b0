//! Features of samples and their moments: from the networks here, read from files, or extracted by somebody else's network.

mod archive;
mod error;
mod extractor;
mod moments;
#[cfg_attr(not(feature = "onnx"), path = "without_onnx.rs")]
mod onnx;
mod values;

pub use archive::{Archive, Statistics, described};
pub use error::MetricError;
pub use extractor::{ExtractError, Extractor};
pub use moments::Moments;
pub use values::Features;
pub(crate) use values::{double, planes};
