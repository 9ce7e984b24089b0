//! The box that exact maximum likelihood integrates over.

use crate::grid::Region;
use ebm_core::data::Dataset;
use ebm_core::error::ConfigError;
use ebm_core::random::Random;

/// The box of the quadrature: that of the data with a margin; a confinement keeps the mass in it.
pub(crate) fn likelihood_box(data: &dyn Dataset, random: Random) -> Result<Region, ConfigError> {
    ConfigError::require(
        data.width() <= 2,
        "train.objective",
        "maximum-likelihood",
        &format!("data of one or two dimensions for it, not {}", data.width()),
    )?;
    let draw = data.draw(10_000, random.stream("likelihood-box"));
    Ok(Region::around(&draw, data.width(), 0.25))
}
