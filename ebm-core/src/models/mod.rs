//! The two players, and models whose every quantity is known in closed form.

pub mod closed_form;
mod energy;
pub mod flow;
mod generator;
pub mod mlp;
pub mod noise;

pub use energy::{Energy, EnergyFacts, energy_gradient};
pub(crate) use generator::with_noise;
pub use generator::{Generator, GeneratorFacts, sample};
