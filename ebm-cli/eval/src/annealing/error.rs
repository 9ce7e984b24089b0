use ebm_train::Cancelled;
use thiserror::Error;

use crate::features::MetricError;
use crate::proposal::ProposalError;

/// An energy or data that cannot be annealed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum AnnealingError {
    /// The data has no covariance.
    #[error("no Gaussian can be fitted to the data: {0}")]
    Moments(#[from] MetricError),
    /// Data of one value, of so many dimensions.
    #[error(
        "no Gaussian can be fitted to the data: it does not vary (or its covariance, of {0} dimensions, overflows)"
    )]
    Flat(usize),
    /// Chains cannot start at the generator.
    #[error(transparent)]
    Start(#[from] ProposalError),
    /// It was asked to end.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// No weight of so many chains is above zero.
    #[error(
        "all {0} chains have weight zero: the energy is infinite, or no number, wherever they went; \
         more annealing.temperatures may help"
    )]
    Weightless(usize),
}
