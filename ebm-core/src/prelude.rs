//! Everything that the source of a bound names, in one line: `use ebm_core::prelude::*;`.
//!
//! Not here are [`LowerBoundSpec`](crate::registry::LowerBoundSpec) and [`UpperBoundSpec`](crate::registry::UpperBoundSpec),
//! which a bound with networks or state of its own implements besides: every formula has them too, and their `check` beside
//! that of [`LowerFormula`] would make `options.check()` ambiguous.

pub use crate::bounds::{
    EnergyView, Estimate, GeneratorView, Guarantee, Level, LowerBound, LowerFormula, Measurement, Target, UpperBound,
    UpperFormula,
};
pub use crate::device::{Matrix, PerSample, Real, Scalar, values};
pub use crate::error::{BoundError, ConfigError, StateError};
pub use crate::geometry::{Fixed, Geometry, Latents, Runtime, Samples};
pub use crate::models::closed_form::standard_normal_entropy;
pub use crate::models::{Energy, Generator};
pub use crate::parameter::{Module, Parameter, State};
pub use crate::random::Random;
pub use crate::registry::Need;
pub use crate::tape::{Parts, SharedTape};
pub use crate::tensor::{
    axis, backward, column, count, detach, differentiated, differentiated_by, energy_gradient, hinge, item,
    log_sum_exp, mean, row_dot, rows, square_norm, sum, tensor, through_gradient, width,
};
pub use crate::{no_parameters, register_lower_bound, register_upper_bound};
