//! A search for wells of an energy away from the data, by chains from broad starts.
//!
//! Bounds of log Z count what their samples meet, and samples that start at the data, or at the generator, meet what lies there.
//! Here Hamiltonian chains start from a Gaussian and a box much wider than the data, descend, and are then compared with chains
//! that start at data. The model's mass in a set is estimated by the variational formula
//!
//! ```text
//! log Z >= H[q] - E_q[E],     equal for q = p_theta restricted to the set
//! ```
//!
//! with H from nearest neighbours of the chains' states (Kozachenko and Leonenko 1987), on both sides alike. A search that finds
//! nothing proves nothing.

mod entropy;
mod search;
mod states;

pub(crate) use search::{MOST_DIMENSIONS, Search, Well};

#[cfg(test)]
mod tests;
