//! Negative samples beside the generator's: where these do not go, they push the energy up.

mod chain_buffer;
mod config;
mod data_scale;

pub use config::{DefensiveConfig, RefineConfig};

use crate::{error::TrainError, finite::finite, optim::Gradient};
use chain_buffer::ChainBuffer;
use data_scale::DataScale;
use ebm_core::bounds::{Estimate, Measurement};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{data::Dataset, device::Real, error::StateError, parameter::State, random::Random};

/// The sources of the energy's negative samples beside the generator.
pub(crate) struct Negatives {
    defensive: DefensiveConfig,
    /// Share of `E_pg[E]` that is taken at the chains.
    refined: f64,
    batch: usize,
    width: usize,
    scale: DataScale,
    chains: Option<ChainBuffer>,
}

/// `-e E_u[E] - (1 - e) s E_chains[E]`, and its gradient in the energy.
pub(crate) struct NegativesTerm {
    /// `E_u[E]`.
    pub defensive: Option<Measurement>,
    /// `E_chains[E]`.
    pub refined: Option<Measurement>,
    pub loss: f64,
    pub gradient: Gradient,
}

impl Negatives {
    /// The sources that the options ask for; `None` if there are none.
    pub fn new(
        defensive: &DefensiveConfig,
        refine: &RefineConfig,
        batch: usize,
        data: &dyn Dataset,
        random: Random,
    ) -> Option<Self> {
        let chains = (refine.share > 0.0).then(|| ChainBuffer::new(refine.clone(), refine.chains(batch)));
        let wanted = chains.is_some() || defensive.share > 0.0;
        wanted.then(|| Self {
            defensive: defensive.clone(),
            refined: refine.share,
            batch,
            width: data.width(),
            scale: DataScale::of(data, random),
            chains,
        })
    }

    /// Weight of `E_pg[E]` among the negatives: `(1 - e)(1 - s)`.
    pub fn generated_weight(&self) -> f64 {
        (1.0 - self.defensive.share) * (1.0 - self.refined)
    }

    /// The term on this rank's share of a batch.
    pub fn term<G: Geometry>(
        &mut self,
        energy: &dyn Energy<G>,
        generator: &dyn Generator<G>,
        random: Random,
        step: u64,
    ) -> Result<NegativesTerm, TrainError> {
        let DefensiveConfig { share, scale } = self.defensive;
        let broad = (share > 0.0).then(|| {
            let values = random.shared_by().of(self.batch) * self.width;
            let normals = random.stream("defensive").normals(values);
            energy.geometry().samples(self.scale.spread(normals, scale))
        });
        let chains = self.chains.as_mut();
        let ends = chains.map(|chains| chains.advance(energy, generator, &self.scale, random.stream("refine")));
        let tape = SharedTape::training(Parts::ENERGY);
        let (mut loss, mut total) = (0.0, tape.constant(0.0));
        let mut subtract = |samples: Option<Samples<G>>, weight: f64, name: &str| -> Result<_, TrainError> {
            let Some(samples) = samples else {
                return Ok(None);
            };
            let mean = Estimate::sample_mean(energy.forward(tape.watch(&samples)));
            loss -= weight * finite(step, name, mean.measurement.value)?;
            total = total.clone() - mean.value * weight as Real;
            Ok(Some(mean.measurement))
        };
        let defensive = subtract(broad, share, "the energy of the defensive mixture")?;
        let refined = subtract(ends, (1.0 - share) * self.refined, "the energy of the refined negatives")?;
        let gradient = Gradient::of(energy, &mut backward(total));
        Ok(NegativesTerm { defensive, refined, loss, gradient })
    }

    /// Remembers the chains as those that [`Negatives::undo`] goes back to.
    pub fn mark(&mut self) {
        self.chains.iter_mut().for_each(ChainBuffer::mark);
    }

    pub fn undo(&mut self) {
        self.chains.iter_mut().for_each(ChainBuffer::undo);
    }

    /// Forgets the chains: the next ones are generated samples.
    pub fn clear(&mut self) {
        self.chains.iter_mut().for_each(ChainBuffer::clear);
    }

    /// The chains of this process; `None` where none are refined.
    pub fn chains(&self) -> Option<State> {
        self.chains.as_ref().map(|chains| chains.state(self.width))
    }

    /// Takes over the `rows` chains a step of this process.
    pub fn restore(&mut self, state: State, rows: usize) -> Result<(), StateError> {
        self.chains.as_mut().map_or(Ok(()), |chains| chains.restore(state, rows, self.width))
    }
}
