//! The generator's side of an iteration.

use dfdx::prelude::AsArray;

use super::check::Check;
use super::draws::draw_latents;
use super::{StepReport, TrainConfig, TrainError};
use crate::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use crate::device::Real;
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::{add, differentiated_by};
use crate::models::{Energy, Generator, sample};
use crate::optim::{Adam, Gradient};
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::{Parts, SharedTape, backward};

/// What a step of the generator is taken on.
pub(super) struct Drawn<G: Geometry> {
    /// `[B, d]`
    pub latents: Latents<G>,
    /// `[B, D]`
    pub samples: Samples<G>,
    /// The samples with the generator's operations behind them.
    taped: Samples<G, SharedTape>,
}

impl<G: Geometry> Drawn<G> {
    /// Draws latents and the samples they become.
    pub fn new(generator: &dyn Generator<G>, batch: usize, random: Random) -> Self {
        let latents = draw_latents(generator.geometry(), batch, random);
        let tape = SharedTape::training(Parts::GENERATOR);
        let taped = sample(generator, &latents, &tape, random);
        Self {
            latents,
            samples: taped.retaped(),
            taped,
        }
    }
}

/// `-lambda floor(H)` and its gradient in the generator's samples, in what else of the generator the bound makes use of, and
/// in the bound's own networks.
pub(super) struct EntropyTerm<G: Geometry> {
    entropy: Measurement,
    ceiling: Option<Measurement>,
    loss: f64,
    /// `[B, D]`
    samples: Samples<G>,
    generator: Gradient,
    lower: Gradient,
}

impl<G: Geometry> EntropyTerm<G> {
    /// Evaluates the term, which the energy plays no part in. `ceiling`: also find `ceil(H)`, for reporting.
    pub fn new(
        generator: &dyn Generator<G>,
        lower: &mut dyn LowerBound<G>,
        latents: &Latents<G>,
        samples: &Samples<G>,
        random: Random,
        check: Check,
        ceiling: bool,
    ) -> Result<Self, TrainError> {
        let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
        let view = GeneratorView::new(generator, latents, tape, random, check.step).with_samples(samples);
        let entropy = lower.entropy(&view)?;
        check.finite("the lower bound's entropy", entropy.measurement.value)?;
        // What is trained may be out of the range of single precision where what is reported is not.
        let trained = check.finite("the lower bound's entropy", f64::from(entropy.value.array()))?;
        let ceiling = match ceiling {
            true => lower.entropy_ceiling(&view.without_tape())?,
            false => None,
        };
        let lambda = lower.lambda();
        let loss = -lambda * trained;
        let mut gradients = backward(entropy.value * -lambda as Real);
        Ok(Self {
            entropy: entropy.measurement,
            ceiling,
            loss,
            samples: gradients.of(samples),
            generator: Gradient::of(generator, &mut gradients),
            lower: Gradient::of(lower, &mut gradients),
        })
    }
}

/// What the generator's steps read and change.
pub(super) struct GeneratorSide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub energy: &'a dyn Energy<G>,
    pub generator: &'a mut dyn Generator<G>,
    pub lower: &'a mut dyn LowerBound<G>,
    pub generator_optimizer: &'a mut Adam,
    pub lower_optimizer: &'a mut Adam,
}

impl<G: Geometry> GeneratorSide<'_, G> {
    /// Minimises `E_pg[E] - lambda floor(H)` by one update, given the second term; `step`: iterations done.
    pub fn step(
        &mut self,
        drawn: Drawn<G>,
        entropy: EntropyTerm<G>,
        step: u64,
        report: &mut StepReport,
    ) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let energies = self.energy.forward(SharedTape::inputs_only().watch(&drawn.samples));
        let energy = Estimate::sample_mean(energies);
        let loss = energy.measurement.value + entropy.loss;
        report.generator_loss = Some(check.finite("the generator's loss", loss)?);

        // Both terms go back through the generator at once.
        let slopes = backward(energy.value).of(&drawn.samples);
        let loss = differentiated_by(drawn.taped, loss, add::total(&slopes, &entropy.samples));
        let mut gradient = Gradient::of(&*self.generator, &mut backward(loss));
        gradient.add(&entropy.generator);

        let factor = self.config.generator.schedule.factor(step, self.config.steps);
        let norm = check.update(
            factor,
            [
                (
                    "the generator's gradient",
                    &mut *self.generator as &mut dyn Module,
                    self.generator_optimizer,
                    gradient,
                ),
                (
                    "the lower bound's gradient",
                    &mut *self.lower,
                    self.lower_optimizer,
                    entropy.lower,
                ),
            ],
        )?;
        report.generator_gradient_norm = Some(norm);
        report.entropy = self.lower.bounds_entropy().then_some(entropy.entropy);
        report.entropy_ceiling = entropy.ceiling;
        Ok(())
    }
}
