//! Bounds of a model's log Z from both sides.

use ebm_core::data::Dataset;
use ebm_core::geometry::Geometry;
use ebm_core::models::Energy;
use ebm_core::random::Random;

use super::{Annealed, Annealing, AnnealingConfig, AnnealingError, Base};

/// Annealed importance sampling from a Gaussian fitted to the data to the model, and back from where the chains ended.
#[derive(Clone, Debug)]
pub struct Bracket {
    /// The way to the model: a lower bound of log Z in expectation.
    pub forward: Annealed,
    /// The way back: an upper bound of log Z as far as it started from samples of the model.
    pub backward: Annealed,
}

impl Bracket {
    /// Samples that the Gaussian is fitted to, at most.
    pub const FITTED: usize = 10_000;

    /// Brackets log Z.
    ///
    /// # Errors
    /// If no Gaussian can be fitted to the data, or no chain has a weight above zero.
    pub fn of<G: Geometry>(
        energy: &dyn Energy<G>,
        data: &dyn Dataset,
        config: &AnnealingConfig,
        random: Random,
    ) -> Result<Self, AnnealingError> {
        let seen = data.draw(Self::FITTED, random.stream("fit"));
        let base = Base::fit(&seen, data.width())?;
        let annealing = Annealing::new(energy, &base, config, random);
        let forward = annealing.forward(random)?;
        let samples = annealing.samples(&forward, random);
        let backward = annealing.backward(samples, random)?;
        Ok(Self { forward, backward })
    }
}
