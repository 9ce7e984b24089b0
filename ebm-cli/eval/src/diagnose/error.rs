//! Why a generator cannot be diagnosed.

use thiserror::Error;

/// A generator that has no spectrum to report.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiagnoseError {
    /// More latent than data dimensions.
    #[error(
        "the generator has d = {latent} latent and D = {data} data dimensions: with d > D its Jacobian has the singular value 0 \
         everywhere, and no bound by singular values; a diagnosis needs generator.latent <= {data}"
    )]
    TooManyLatents {
        /// Number of latent dimensions.
        latent: usize,
        /// Number of data dimensions.
        data: usize,
    },
    /// A derivative is NaN or infinite.
    #[error(
        "the generator's Jacobian is not finite at {bad} of {all} latents: there are no singular values; choose an earlier \
         checkpoint with --checkpoint"
    )]
    NotFinite {
        /// Latents where it is not.
        bad: usize,
        /// Latents looked at.
        all: usize,
    },
}
