use std::cell::{OnceCell, RefCell};

use super::Estimate;
use crate::device::PerSample;
use crate::error::{BoundError, ConfigError};
use crate::geometry::{Geometry, Latents, Samples};
use crate::models::{Energy, EnergyFacts, Generator, sample, with_noise};
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::SharedTape;
use crate::tensor::{detach, rows};

/// The quantity that an upper bound bounds, and so how it completes `E_data[E] - E_pg[E] + ...` to a bound of L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// `ceil(KL(p_g || p_theta))`: an upper bound of L needs `ceil(H[p_g])` besides.
    Divergence,
    /// `ceil(CE(p_g, p_theta))`, the cross-entropy: an upper bound of L by itself.
    CrossEntropy,
    /// Nothing: a penalty that stabilises training, or none at all.
    Nothing,
}

/// The situation an upper bound is evaluated in: both models, a batch of generated samples and one of data.
pub struct EnergyView<'a, G: Geometry> {
    /// The energy, the model that is trained.
    pub energy: &'a dyn Energy<G>,
    /// The generator, a constant here.
    pub generator: &'a dyn Generator<G>,
    /// Latents drawn from N(0, I), `[B, d]`.
    pub latents: &'a Latents<G>,
    /// Data, `[B, D]`.
    pub data: &'a Samples<G>,
    /// The tape to record on.
    pub tape: SharedTape,
    /// Random numbers for this step.
    pub random: Random,
    /// The training iteration, counted from 1; 0 in an evaluation before any.
    pub step: u64,
    /// `G(z) + sigma n`, once it has been computed.
    generated: OnceCell<Samples<G>>,
    /// `E(generated)` on the tape, once it has been computed.
    generated_energy: RefCell<Option<PerSample<SharedTape>>>,
}

/// The models and samples that an [`EnergyView`] is made of.
pub struct EnergySituation<'a, G: Geometry> {
    /// The energy.
    pub energy: &'a dyn Energy<G>,
    /// The generator.
    pub generator: &'a dyn Generator<G>,
    /// Latents, `[B, d]`.
    pub latents: &'a Latents<G>,
    /// Data, `[B, D]`.
    pub data: &'a Samples<G>,
}

impl<'a, G: Geometry> EnergyView<'a, G> {
    /// The view of a step.
    pub fn new(situation: &EnergySituation<'a, G>, tape: SharedTape, random: Random, step: u64) -> Self {
        Self {
            energy: situation.energy,
            generator: situation.generator,
            latents: situation.latents,
            data: situation.data,
            tape,
            random,
            step,
            generated: OnceCell::new(),
            generated_energy: RefCell::default(),
        }
    }

    /// The axes.
    pub fn geometry(&self) -> G {
        self.energy.geometry()
    }

    /// Number of samples, `B`.
    pub fn batch(&self) -> usize {
        rows(self.latents)
    }

    /// Hands back `G(z)` `[B, D]` that the bound computed anyway (with a pushforward), before
    /// [`EnergyView::generated`] was called.
    pub fn share_generated(&self, clean: Samples<G>) {
        self.generated.get_or_init(|| {
            let clean = SharedTape::off().watch(&clean);
            detach(with_noise(self.generator, clean, self.random))
        });
    }

    /// The samples `G(z) + sigma n` of the latents, `[B, D]`: shared by the bound, or computed now.
    pub fn generated(&self) -> &Samples<G> {
        self.generated.get_or_init(|| detach(sample(self.generator, self.latents, &SharedTape::off(), self.random)))
    }

    /// Hands back `E(generated)` `[B]` that the bound computed on the tape anyway, so that it is not computed again.
    pub fn share_generated_energy(&self, values: PerSample<SharedTape>) {
        *self.generated_energy.borrow_mut() = Some(values);
    }

    /// `E(generated)` `[B]` on the tape: shared by the bound, or computed now.
    pub fn generated_energy(&self) -> PerSample<SharedTape> {
        self.generated_energy
            .borrow_mut()
            .get_or_insert_with(|| self.energy.forward(self.tape.watch(self.generated())))
            .clone()
    }
}

/// An upper bound of the negative log-likelihood:
/// `ceil(L) = E_data[E] - E_pg[E] + ceil(H) + ceil(KL)`. Only `ceil(KL)` depends on the energy's parameters.
///
/// A bound without networks or state of its own is written shorter, as an [`UpperFormula`](super::UpperFormula), and has an
/// example there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an upper bound",
    note = "implement `ebm_core::bounds::UpperBound<G>` for every `G: Geometry`"
)]
pub trait UpperBound<G: Geometry>: Module {
    /// The bound's own term on a batch in nats (see [`UpperBound::target`]), differentiable in the energy's parameters.
    ///
    /// `Estimate::value` is what the energy minimises beside `E_data[E] - E_pg[E]`.
    ///
    /// # Errors
    /// If the bound is not defined for the models it was given.
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError>;

    /// Refuses to be trained with an energy of these facts, as it is before the first step, naming the option that would have to
    /// change.
    fn accepts_energy(&self, _facts: &EnergyFacts) -> Result<(), ConfigError> {
        Ok(())
    }

    /// The quantity that [`UpperBound::divergence`] bounds.
    fn target(&self) -> Target {
        Target::Divergence
    }
}
