//! Estimators of mutual information, as functions of a critic's or an encoder's outputs.
//!
//! Plain numbers in double precision: values, standard errors and slopes, with no network and no tape. `joint[i]` is
//! T(x_i, z_i); `product[r]` is T(x, z) of the r-th of the [`Pairs`], whose x and z are independent.
//!
//! The bounds and their variances: Poole, Ozair, van den Oord, Alemi and Tucker, "On variational bounds of mutual
//! information", ICML 2019.

mod barber_agakov;
mod dv;
mod infonce;
mod jsd;
mod means;
mod nwj;
mod pairs;

pub use barber_agakov::{LOG_VARIANCE, barber_agakov};
pub use dv::dv;
pub use infonce::infonce;
pub use jsd::jsd;
pub use nwj::nwj;
pub use pairs::Pairs;

/// The value of an estimator on a batch, with its derivatives in the critic's values.
#[derive(Clone, Debug, PartialEq)]
pub struct Differentiated {
    /// The value, in nats (of the mutual information, but for `jsd`).
    pub value: f64,
    /// Its standard error over the draws of (z, n).
    pub standard_error: f64,
    /// Derivatives in the joint values, `[B]`.
    pub joint: Vec<f64>,
    /// Derivatives in the product values, one a pair.
    pub product: Vec<f64>,
}

#[cfg(test)]
mod check;
