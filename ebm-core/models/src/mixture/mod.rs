//! A mixture of Gaussians as energy: normalised, and known along a whole diffusion process.

mod energy;

pub use energy::{MixtureEnergy, MixtureEnergyConfig};

#[cfg(test)]
mod tests;
