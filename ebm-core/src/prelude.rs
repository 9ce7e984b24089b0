//! Everything that the source of a bound names, in one line: `use ebm_core::prelude::*;`.
//!
//! Not here are [`LowerBoundSpec`](crate::registry::LowerBoundSpec) and [`UpperBoundSpec`](crate::registry::UpperBoundSpec),
//! which a bound with networks or state of its own implements besides: every formula has them too, and their `check` beside
//! that of [`LowerFormula`] would make `options.check()` ambiguous.

pub use crate::bounds::{
    EnergyView, Estimate, GeneratorView, Guarantee, Level, LowerBound, LowerFormula, Measurement, Target, UpperBound,
    UpperFormula,
};
pub use crate::device::{PerSample, Real, Scalar, values};
pub use crate::error::{BoundError, ConfigError};
pub use crate::geometry::{Fixed, Geometry, Latents, Runtime, Samples};
pub use crate::kernels::differentiated;
pub use crate::models::closed_form::standard_normal_entropy;
pub use crate::models::{Energy, Generator};
pub use crate::parameter::{Module, Parameter};
pub use crate::random::Random;
pub use crate::registry::Need;
pub use crate::tape::{Parts, SharedTape};
pub use crate::{no_parameters, register_lower_bound, register_upper_bound};
