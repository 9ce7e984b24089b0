//! The two players, and models whose every quantity is known in closed form.

pub(crate) mod batch_norm;
pub mod closed_form;
pub mod conv;
mod energy;
pub mod flow;
mod generator;
pub mod mlp;
pub mod noise;
mod of_gradient;
mod of_network;
pub(crate) mod spectral_norm;
mod timed;

pub use energy::{Energy, EnergyFacts, energy_gradient};
pub(crate) use generator::with_noise;
pub use generator::{Generator, GeneratorFacts, sample};
pub use of_gradient::of_gradient;
pub use timed::{FokkerPlanck, TimedEnergy, timed_curvature, timed_energy_gradient};
