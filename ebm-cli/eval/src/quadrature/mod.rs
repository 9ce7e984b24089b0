//! Exact quantities of an energy in one or two dimensions, by quadrature.
//!
//! log Z = log of the integral of exp(-E) is out of reach in general; in the plane it is a sum over a grid. That makes
//! every claim about a two-dimensional model checkable: [`log_partition`] gives log Z with an error, and [`exact_nll`] the
//! negative log-likelihood.
//!
//! Energies are evaluated in `Real`; sums are accumulated in f64 in a fixed order, so results are reproducible.

mod cell;
mod energies;
mod error;
mod grid;
mod lattice;
mod log_sum;
mod panel;
mod partition;
mod verified;

pub use crate::config::{QuadratureConfig, Rule};
pub use energies::{energies, proved_energies};
pub(crate) use energies::{energies_until, proved_energies_until};
pub use error::QuadratureError;
pub(crate) use partition::log_partition_until;
pub use partition::{LogPartition, exact_nll, log_partition, normalised_nll};
use verified::enclose_until;
pub use verified::{EnclosedPartition, enclose_log_partition};
