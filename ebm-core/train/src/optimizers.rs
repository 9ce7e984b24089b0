//! The four optimisers of a training.

use crate::config::TrainConfig;
use crate::optim::Optimizer;
use crate::players::Players;
use ebm_core::geometry::Geometry;

/// The optimisers of both players and of the bounds' own networks.
pub(crate) struct Optimizers {
    pub energy: Box<dyn Optimizer>,
    pub upper: Box<dyn Optimizer>,
    pub generator: Box<dyn Optimizer>,
    pub lower: Box<dyn Optimizer>,
}

impl Optimizers {
    pub fn new<G: Geometry>(config: &TrainConfig, players: &Players<G>) -> Self {
        let (energy, generator) = (&config.energy.optimizer, &config.generator.optimizer);
        let upper = players.upper_optimizer.as_ref().unwrap_or(energy);
        let lower = players.lower_optimizer.as_ref().unwrap_or(generator);
        Self {
            energy: energy.build(&*players.energy),
            upper: upper.build(&*players.upper),
            generator: generator.build(&*players.generator),
            lower: lower.build(&*players.lower),
        }
    }

    fn all(&mut self) -> [&mut dyn Optimizer; 4] {
        [&mut *self.energy, &mut *self.upper, &mut *self.generator, &mut *self.lower]
    }

    /// Marks the states, for [`Optimizers::undo`].
    pub fn mark(&mut self) {
        self.all().into_iter().for_each(|optimizer| optimizer.mark());
    }

    /// Takes back every update since the mark.
    pub fn undo(&mut self) {
        self.all().into_iter().for_each(|optimizer| optimizer.undo());
    }
}
