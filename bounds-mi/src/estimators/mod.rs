//! Estimators of mutual information, as functions of a critic's or an encoder's outputs.
//!
//! Plain numbers in double precision: values, standard errors and slopes, with no network and no tape. `joint[i]` is
//! T(x_i, z_i); `product[r]` is T(x, z) of the r-th of the [`Pairs`], whose x and z are independent.
//!
//! The bounds and their variances: Poole, Ozair, van den Oord, Alemi and Tucker, "On variational bounds of mutual
//! information", ICML 2019.
//!
//! ```
//! use bounds_mi::estimators::{Differentiated, LOG_VARIANCE, Pairs, barber_agakov, dv, infonce, jsd, nwj};
//!
//! // Three samples, each with the latent of the next, and a critic that says 0 of everything.
//! let pairs = Pairs::shifted(3, 1);
//! assert_eq!((&pairs.x[..], &pairs.z[..]), (&[0, 1, 2][..], &[1, 2, 0][..]));
//! let at = |t: f64, f: fn(&[f64], &[f64], &Pairs) -> Differentiated| f(&[t; 3], &[t; 3], &pairs).value;
//! assert!((at(0.0, jsd) + 2.0 * 2f64.ln()).abs() < 1e-12);
//! assert!(at(0.0, dv).abs() < 1e-12);
//! // The best that nwj can say without knowing anything is 0, at T = 1.
//! assert!(at(1.0, nwj).abs() < 1e-12);
//!
//! // A critic that knows every pair: infonce is at its cap, ln 3.
//! let all = Pairs::all(3, 3);
//! assert!((all.cap() - 3f64.ln()).abs() < 1e-12);
//! assert!((infonce(&[50.0; 3], &[0.0; 6], &all).value - all.cap()).abs() < 1e-12);
//!
//! // q = N(0, 1) at z = 0: ln q = -1/2 ln(2 pi), with no slope in the mean and -1/2 in the log-variance.
//! assert!(LOG_VARIANCE.contains(&0.0));
//! let (log_densities, slopes) = barber_agakov(&[0.0, 0.0], &[0.0], 1);
//! assert!((log_densities[0] + 0.5 * std::f64::consts::TAU.ln()).abs() < 1e-12);
//! assert_eq!(slopes, [0.0, -0.5]);
//! ```

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
