//! The two players, and models whose every quantity is known in closed form.

pub mod closed_form;
mod enclosed;
mod energy;
mod generator;
mod timed;

pub use enclosed::{EnclosedEnergy, Growth};
pub use energy::{Energy, EnergyFacts, energy_gradient, of_gradient};
pub use generator::{Generator, GeneratorFacts, sample};
pub(crate) use generator::{with_noise, without_noise};
pub use timed::{FokkerPlanck, TimedEnergy, timed_curvature, timed_energy_gradient};
