//! The lower bound `entropy-knn`: the generator's entropy from the distances of its samples to their nearest neighbours.
//!
//! ```text
//! H ~ psi(N) - psi(k) + ln V_D + D/N sum_i ln r_i
//! ```
//!
//! r_i is the distance of sample i to its k-th nearest neighbour among the N of a batch, V_D the volume of the unit ball in D
//! dimensions, psi the digamma function (Kozachenko and Leonenko, Problems of Information Transmission 23, 1987; with k > 1:
//! Kraskov, Stoegbauer and Grassberger, Physical Review E 69, 2004, Eq. 20). The k-th neighbour of a sample moves with both
//! of them, and that is the gradient.
//!
//! # What it claims
//!
//! The estimate tends to the entropy as N grows, if the samples are independent and have a density: **asymptotic** then. At
//! any finite N it is biased either way, mostly upwards where the density changes within r_i, so it is never certified.
//! Where the samples may have no density, or depend on each other, it is **heuristic**, and says why.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bound;
pub mod neighbours;

pub use bound::EntropyKnn;
