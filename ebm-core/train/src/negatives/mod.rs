//! Negative samples beside the generator's: where these do not go, they push the energy up.

mod chain_buffer;
mod config;
mod data_scale;
mod near;
mod outside;

pub use config::RefineConfig;
pub(crate) use outside::Outside;

use crate::{error::TrainError, finite::finite, optim::Gradient};
use chain_buffer::ChainBuffer;
use data_scale::DataScale;
use ebm_core::bounds::{Estimate, Measurement};
use ebm_core::geometry::Geometry;
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{data::Dataset, device::Real, error::StateError, parameter::State, random::Random};

/// Negative samples that chains have moved towards low energy, beside the generator's.
pub(crate) struct Negatives {
    /// Share of `E_pg[E]` that is taken at the chains.
    share: f64,
    scale: DataScale,
    chains: ChainBuffer,
}

/// `-s E_chains[E]`, and its gradient in the energy.
pub(crate) struct NegativesTerm {
    /// `E_chains[E]`.
    pub refined: Measurement,
    pub loss: f64,
    pub gradient: Gradient,
}

impl Negatives {
    /// The chains that the options ask for; `None` if there are none.
    pub fn new(refine: &RefineConfig, batch: usize, data: &dyn Dataset, random: Random) -> Option<Self> {
        (refine.share > 0.0).then(|| Self {
            share: refine.share,
            scale: DataScale::of(data, random),
            chains: ChainBuffer::new(refine.clone(), refine.chains(batch)),
        })
    }

    /// Weight of `E_pg[E]` among the negatives.
    pub fn generated_weight(&self) -> f64 {
        1.0 - self.share
    }

    /// The term on this rank's share of a batch.
    pub fn term<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        generator: &dyn Generator<G>,
        random: Random,
        step: u64,
    ) -> Result<NegativesTerm, TrainError> {
        let ends = self.chains.advance(energy, generator, &self.scale, random.stream("refine"));
        let tape = SharedTape::training(Parts::ENERGY);
        let mean = Estimate::sample_mean(energy.forward(tape.watch(&ends)));
        let refined = mean.measurement;
        let loss = -self.share * finite(step, "the energy of the refined negatives", refined.value)?;
        let gradient = Gradient::of(energy, &mut backward(mean.value * -self.share as Real));
        Ok(NegativesTerm { refined, loss, gradient })
    }

    /// Remembers the chains as those that [`Negatives::undo`] goes back to.
    pub fn mark(&mut self) {
        self.chains.mark();
    }

    pub fn undo(&mut self) {
        self.chains.undo();
    }

    /// Forgets the chains: the next ones are generated samples.
    pub fn clear(&mut self) {
        self.chains.clear();
    }

    /// The chains of this process.
    pub fn chains(&self) -> State {
        self.chains.state(self.scale.width())
    }

    /// Takes over the `rows` chains a step of this process.
    pub fn restore(&mut self, state: State, rows: usize) -> Result<(), StateError> {
        self.chains.restore(state, rows, self.scale.width())
    }
}
