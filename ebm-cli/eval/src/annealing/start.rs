use ebm_core::{data::Dataset, geometry::Geometry, models::Energy, models::Generator, random::Random};
use ebm_train::Cancel;

use super::{AnnealingConfig, AnnealingError, Base, Bracket, FITTED, GaussianStart, Start};
use crate::proposal::{ProposalError, of_generator};

/// Brackets log Z by chains from where the configuration lets them start.
///
/// # Errors
/// If no Gaussian can be fitted to the data, the generator has no density to start from, no chain has a weight above zero, or
/// it was cancelled.
pub(crate) fn bracket<G: Geometry>(
    energy: &dyn Energy<G>,
    generator: Option<&dyn Generator<G>>,
    data: &dyn Dataset,
    config: &AnnealingConfig,
    random: Random,
    cancel: &Cancel,
) -> Result<Bracket, AnnealingError> {
    match config.start {
        Start::Gaussian => {
            let base = Base::fit(&data.draw(FITTED, random.stream("fit")), data.width())?;
            Bracket::of(&GaussianStart { energy, base: &base }, config, random, cancel)
        }
        Start::Generator => {
            let generator = generator.ok_or(ProposalError::NoGenerator)?;
            let proposal = of_generator(energy, generator, random.stream("references"))?;
            Bracket::of(&*proposal, config, random, cancel)
        }
    }
}
