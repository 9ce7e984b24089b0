//! The generator's side of an iteration.

use dfdx::prelude::AsArray;
use std::time::Instant;

use super::check::Check;
use super::draws::draw_latents;
use super::team::Team;
use super::{PhaseTimes, StepReport, TrainConfig, TrainError};
use crate::optim::{Adam, Gradient};
use ebm_core::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use ebm_core::device::Real;
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::{add, differentiated_by};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};

/// What a step of the generator is taken on.
pub(super) struct Drawn<G: Geometry> {
    /// `[B, d]`
    latents: Latents<G>,
    /// Those of the whole batch, where this is a share of it.
    whole: Option<Latents<G>>,
    /// `[B, D]`
    samples: Samples<G>,
    /// The samples with the generator's operations behind them.
    taped: Samples<G, SharedTape>,
}

impl<G: Geometry> Drawn<G> {
    /// Draws latents of a batch, or of the part of it that `random` is for, and the samples they become.
    pub fn new(generator: &dyn Generator<G>, batch: usize, random: Random) -> Self {
        let latents = draw_latents(generator.geometry(), batch, random);
        let is_share = !random.shared_by().is_all();
        let whole = is_share.then(|| draw_latents(generator.geometry(), batch, random.whole()));
        let tape = SharedTape::training(Parts::GENERATOR);
        let taped = sample(generator, &latents, &tape, random);
        Self {
            latents,
            whole,
            samples: taped.retaped(),
            taped,
        }
    }

    /// What the entropy's term is evaluated at.
    pub fn given(&self) -> Given<'_, G> {
        Given {
            latents: &self.latents,
            whole: self.whole.as_ref(),
            samples: &self.samples,
        }
    }
}

/// The part of [`Drawn`] that the entropy is of, and that two threads may read.
#[derive(Clone, Copy)]
pub(super) struct Given<'a, G: Geometry> {
    latents: &'a Latents<G>,
    whole: Option<&'a Latents<G>>,
    samples: &'a Samples<G>,
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
        given: Given<'_, G>,
        random: Random,
        check: Check,
        ceiling: bool,
    ) -> Result<Self, TrainError> {
        let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
        let view = GeneratorView::new(generator, given.latents, tape, random, check.step);
        let view = view.with_samples(given.samples).within(given.whole);
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
            samples: gradients.of(given.samples),
            generator: Gradient::of(generator, &mut gradients),
            lower: Gradient::of(lower, &mut gradients),
        })
    }
}

/// `E_pg[E] - lambda floor(H)`, and what is reported of it.
struct Terms {
    loss: f64,
    entropy: Measurement,
    ceiling: Option<Measurement>,
}

/// What the generator's steps read and change.
pub(super) struct GeneratorSide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub team: &'a Team,
    pub energy: &'a dyn Energy<G>,
    pub generator: &'a mut dyn Generator<G>,
    pub lower: &'a mut dyn LowerBound<G>,
    pub generator_optimizer: &'a mut Adam,
    pub lower_optimizer: &'a mut Adam,
    pub times: &'a mut PhaseTimes,
}

impl<G: Geometry> GeneratorSide<'_, G> {
    /// Minimises `E_pg[E] - lambda floor(H)` by one update, given the second term; `step`: iterations done.
    pub fn step(
        &mut self,
        drawn: Drawn<G>,
        entropy: Result<EntropyTerm<G>, TrainError>,
        step: u64,
        report: &mut StepReport,
    ) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let (terms, gradients) = match entropy.and_then(|entropy| self.terms(drawn, entropy, check)) {
            Ok((terms, generator, lower)) => (Some(terms), Ok([generator, lower])),
            Err(error) => (None, Err(error)),
        };
        let factor = self.config.generator.schedule.factor(step, self.config.steps);
        let updated = Instant::now();
        let norm = check.update(
            self.team,
            factor,
            [
                (
                    "the generator's gradient",
                    &mut *self.generator as &mut dyn Module,
                    self.generator_optimizer,
                ),
                ("the lower bound's gradient", &mut *self.lower, self.lower_optimizer),
            ],
            gradients,
        )?;
        self.times.generator_update += updated.elapsed();
        report.generator_gradient_norm = Some(norm);
        if let Some(terms) = terms {
            report.generator_loss = Some(terms.loss);
            report.entropy = self.lower.bounds_entropy().then_some(terms.entropy);
            report.entropy_ceiling = terms.ceiling;
        }
        Ok(())
    }

    /// Both terms on this rank's share of a batch, and their gradients in the generator and in the lower bound.
    fn terms(
        &self,
        drawn: Drawn<G>,
        entropy: EntropyTerm<G>,
        check: Check,
    ) -> Result<(Terms, Gradient, Gradient), TrainError> {
        let energies = self.energy.forward(SharedTape::inputs_only().watch(&drawn.samples));
        let energy = Estimate::sample_mean(energies);
        let loss = check.finite("the generator's loss", energy.measurement.value + entropy.loss)?;

        // Both terms go back through the generator at once.
        let slopes = backward(energy.value).of(&drawn.samples);
        let loss_of_both = differentiated_by(drawn.taped, loss, add::total(&slopes, &entropy.samples));
        let mut gradient = Gradient::of(&*self.generator, &mut backward(loss_of_both));
        gradient.add(&entropy.generator);
        let terms = Terms {
            loss,
            entropy: entropy.entropy,
            ceiling: entropy.ceiling,
        };
        Ok((terms, gradient, entropy.lower))
    }
}
