//! The tools for Jacobians, on networks and on models whose Jacobians are known.

mod iterative;
mod volume;
