//! What a bound is: the two traits, the situation a bound is evaluated in, and the value it returns.

mod estimate;
mod guarantee;
mod lower;
mod upper;

pub use estimate::{Estimate, Measurement};
pub use guarantee::{Guarantee, Level};
pub use lower::{GeneratorView, LowerBound};
pub use upper::{EnergySituation, EnergyView, Target, UpperBound};
