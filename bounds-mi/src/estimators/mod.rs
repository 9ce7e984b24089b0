//! Estimators of mutual information: a file each, and one list.
//!
//! Their values are functions of plain numbers in double precision, with standard errors and slopes, and with no network and no
//! tape: of the outputs of a critic T(x, z) or of an encoder. `joint[i]` is T(x_i, z_i); `product[r]` is T(x, z) of the r-th of
//! the [`Pairs`], whose x and z are independent.
//!
//! The bounds and their variances: Poole, Ozair, van den Oord, Alemi and Tucker, "On variational bounds of mutual
//! information", ICML 2019.
//!
//! ```
//! use bounds_mi::estimators::{Differentiated, Pairs, infonce, jsd, nwj};
//!
//! // Three samples, each with the latent of the next, and a critic that says 0 of everything.
//! let pairs = Pairs::shifted(3, 1);
//! assert_eq!((&pairs.x[..], &pairs.z[..]), (&[0, 1, 2][..], &[1, 2, 0][..]));
//! let at = |t: f64, f: fn(&[f64], &[f64], &Pairs) -> Differentiated| f(&[t; 3], &[t; 3], &pairs).value;
//! assert!((at(0.0, jsd) + 2.0 * 2f64.ln()).abs() < 1e-12);
//! // The largest value of nwj without knowing anything is 0, at T = 1.
//! assert!(at(1.0, nwj).abs() < 1e-12);
//!
//! // A critic that knows every pair: infonce is at its cap, ln 3.
//! let all = Pairs::all(3, 3);
//! assert!((infonce(&[50.0; 3], &[0.0; 6], &all).value - all.cap()).abs() < 1e-12);
//! ```

mod barber_agakov;
mod dv;
mod importance_weighted;
mod infonce;
mod jsd;
mod means;
mod multi_sample;
mod nwj;
mod pairs;
mod smile;
mod weights;

pub use barber_agakov::LOG_VARIANCE;
pub use dv::dv;
pub use importance_weighted::{WeightedTerms, importance_weighted};
pub use infonce::infonce;
pub use jsd::jsd;
pub use multi_sample::multi_sample;
pub use nwj::nwj;
pub use pairs::Pairs;
pub use smile::smile;
pub use weights::Weights;

use ebm_core::bounds::Guarantee;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// A function of a critic's values: `joint` `[B]`, and `product`, one a pair.
pub type OfCritic = fn(&[f64], &[f64], &Pairs) -> Differentiated;

/// What an estimator is a function of.
pub enum Value {
    /// A critic T(x, z), evaluated at the samples with their own latents, and at the pairs.
    Critic(OfCritic),
    /// A Gaussian encoder q(z given x): the mean of its log-densities at the samples' own latents, plus `H[z]`.
    Encoder,
    /// The same with more latents that are drawn from the encoder, by [`importance_weighted()`].
    EncoderDraws,
    /// The density of x given z at the samples' own latents and at those of a bank, by [`multi_sample()`]; no network.
    Bank,
}

/// What an estimator reports of a critic's values besides its own value: numbers by name, in nats of mutual information.
pub type Diagnostics = fn(joint: &[f64], product: &[f64], pairs: &Pairs) -> Vec<(&'static str, f64)>;

/// An estimator of the mutual information I(x; z).
pub struct Method {
    /// Its value.
    pub value: Value,
    /// The guarantee of `value + H[sigma n]` as a lower bound of the entropy, for independent samples.
    pub guarantee: fn() -> Guarantee,
    /// Whether it compares every sample with all the others of its group, so that it is at most ln(group).
    pub compares_groups: bool,
    /// The reason why the value is not a mean over the samples, or over groups of them; `None` if it is one.
    pub coupling: Option<&'static str>,
    /// Other values of the same critic to report.
    pub diagnostics: Diagnostics,
    /// Where the value has the mean of `e^(T - c)` over the product pairs: c, from their values.
    pub normaliser: Option<fn(product: &[f64], pairs: &Pairs) -> f64>,
}

impl Method {
    /// One whose value is a mean over the samples, with nothing else to report.
    const fn mean(value: Value, guarantee: fn() -> Guarantee) -> Self {
        Self {
            value,
            guarantee,
            compares_groups: false,
            coupling: None,
            diagnostics: |_, _, _| Vec::new(),
            normaliser: None,
        }
    }
}

macro_rules! estimators {
    ($($(#[$attribute:meta])* $name:ident => $module:ident,)+) => {
        /// How the mutual information I(x; z) is estimated.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Estimator {
            $($(#[$attribute])* $name,)+
        }

        impl Estimator {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The estimator itself.
            pub fn method(self) -> &'static Method {
                match self {
                    $(Self::$name => &$module::METHOD,)+
                }
            }
        }
    };
}

estimators! {
    /// Jensen-Shannon: it cannot overflow, but its value is not in nats of I. No claim.
    Jsd => jsd,
    /// Nguyen, Wainwright and Jordan (f-GAN's KL): certified, of high variance where I is large.
    Nwj => nwj,
    /// Donsker and Varadhan (MINE): the logarithm of a batch mean makes it too high; asymptotic.
    Dv => dv,
    /// SMILE: `dv` with ratios clipped at e^5, of low variance; a clipped value is no bound. No claim.
    Smile => smile,
    /// Noise-contrastive: certified, of low variance, never more than ln(group).
    Infonce => infonce,
    /// Barber and Agakov: a Gaussian encoder q(z given x) instead of a critic; certified for every q.
    #[default]
    BarberAgakov => barber_agakov,
    /// Barber and Agakov with `draws` more latents of the encoder, weighted: certified for every q, and tighter by at most
    /// ln(draws + 1); each draw is another pass through the generator.
    ImportanceWeighted => importance_weighted,
    /// The known density of x given z, and `samples` latents of a bank: no network; certified for every generator, never more
    /// than ln(samples + 1) above the noise's entropy.
    MultiSample => multi_sample,
}

#[cfg(test)]
mod check;

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Level;

    #[test]
    fn only_values_that_hold_for_every_network_are_certified() {
        for (estimator, level) in [
            (Estimator::Jsd, Level::Heuristic),
            (Estimator::Nwj, Level::Certified),
            (Estimator::Dv, Level::Asymptotic),
            (Estimator::Smile, Level::Heuristic),
            (Estimator::Infonce, Level::Certified),
            (Estimator::BarberAgakov, Level::Certified),
            (Estimator::ImportanceWeighted, Level::Certified),
            (Estimator::MultiSample, Level::Certified),
        ] {
            assert_eq!((estimator.method().guarantee)().level, level, "{estimator:?}");
        }
    }
}
