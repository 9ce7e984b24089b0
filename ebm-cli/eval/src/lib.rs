//! Evaluates models: exact likelihood by quadrature, annealed importance sampling, sampling on the energy, distances between sets of
//! samples, and detection of outliers.

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod annealing;
mod cholesky;
mod classifier;
mod config;
pub mod diagnose;
pub mod evaluate;
pub mod features;
#[cfg(test)]
mod fixtures;
pub mod metric;
pub mod ood;
mod proposal;
pub mod quadrature;
pub mod sampling;
mod table;
#[cfg(test)]
mod test_energy;
mod wells;

pub use ebm_train::{Cancel, Cancelled};

#[doc(hidden)]
pub use ebm_core::{inventory, registry::Entry};
