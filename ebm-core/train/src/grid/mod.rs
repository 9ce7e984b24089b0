//! Boxes around samples, and jittered grids in them: what exact maximum likelihood integrates over.

mod jitter;
mod region;

pub use jitter::jittered_nodes;
pub use region::Region;
