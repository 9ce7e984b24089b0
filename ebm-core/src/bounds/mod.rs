//! Bounds: the two traits, the situation a bound is evaluated in, and the value it returns.
//!
//! | a bound that | implements |
//! |---|---|
//! | is a formula, without networks or state | [`LowerFormula`] or [`UpperFormula`], on its options |
//! | has networks or state | [`LowerBound`] or [`UpperBound`], and on its options [`LowerBoundSpec`](crate::registry::LowerBoundSpec) or [`UpperBoundSpec`](crate::registry::UpperBoundSpec) |

mod estimate;
mod formula;
mod guarantee;
mod lower;
mod upper;

pub use estimate::{Estimate, Measurement};
pub use formula::{LowerFormula, UpperFormula};
pub use guarantee::{Guarantee, Level};
pub use lower::{GeneratorView, LowerBound};
pub use upper::{EnergySituation, EnergyView, Target, UpperBound};
