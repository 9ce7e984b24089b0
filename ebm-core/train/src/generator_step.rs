//! The generator's side of an iteration.

use std::time::Instant;

use crate::config::TrainConfig;
use crate::data_parallel::Ranks;
use crate::draws::draw_latents;
use crate::error::TrainError;
use crate::finite::Check;
use crate::optim::{Gradient, Optimizer};
use crate::phase_times::PhaseTimes;
use crate::report::StepReport;
use ebm_core::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use ebm_core::device::Real;
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::{add, differentiated_by};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::{detach, item, rows};

/// The latents and samples of a step of the generator.
pub(crate) struct GeneratorBatch<G: Geometry> {
    /// `[B, d]`
    latents: Latents<G>,
    /// The latents of the whole batch, where this is a share of it.
    whole: Option<Latents<G>>,
    /// `[B, D]`
    samples: Samples<G>,
    /// The samples with the generator's operations behind them.
    taped: Samples<G, SharedTape>,
}

impl<G: Geometry> GeneratorBatch<G> {
    /// Draws latents of a batch, or of the part of it that `random` is for, and the samples they become.
    pub fn new(generator: &dyn Generator<G>, batch: usize, random: Random) -> Self {
        let latents = draw_latents(generator.geometry(), batch, random);
        let is_share = !random.shared_by().is_all();
        let whole = is_share.then(|| draw_latents(generator.geometry(), batch, random.whole()));
        let tape = SharedTape::training(Parts::GENERATOR);
        let taped = sample(generator, &latents, &tape, random);
        Self { latents, whole, samples: detach(taped.clone()), taped }
    }

    /// The inputs of the entropy's term.
    pub fn entropy_inputs(&self) -> EntropyInputs<'_, G> {
        EntropyInputs { latents: &self.latents, whole: self.whole.as_ref(), samples: &self.samples }
    }
}

/// The part of a [`GeneratorBatch`] that the entropy is computed from; two threads may read it.
#[derive(Clone, Copy)]
pub(crate) struct EntropyInputs<'a, G: Geometry> {
    latents: &'a Latents<G>,
    whole: Option<&'a Latents<G>>,
    samples: &'a Samples<G>,
}

/// `-lambda floor(H)` and its gradient in the generator's samples, in the generator's parameters as far as the bound uses them
/// otherwise, and in the bound's own networks.
pub(crate) struct EntropyTerm<G: Geometry> {
    entropy: Measurement,
    upper_bound: Option<Measurement>,
    loss: f64,
    /// `[B, D]`
    samples: Samples<G>,
    generator: Gradient,
    lower: Gradient,
}

impl<G: Geometry> EntropyTerm<G> {
    /// Evaluates the term, which does not depend on the energy. `upper_bound`: also find `ceil(H)`, for reporting.
    pub fn new(
        generator: &dyn Generator<G>,
        lower: &mut dyn LowerBound<G>,
        inputs: EntropyInputs<'_, G>,
        lambda: f64,
        random: Random,
        check: Check,
        upper_bound: bool,
    ) -> Result<Self, TrainError> {
        let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
        let view = GeneratorView::new(generator, inputs.latents, tape, random, check.step);
        let mut view = view.with_samples(inputs.samples);
        if let Some(whole) = inputs.whole {
            view = view.within_batch(whole, random.shared_by().rows(rows(whole)));
        }
        let entropy = lower.entropy(&view)?;
        check.finite("the lower bound's entropy", entropy.measurement.value)?;
        // The trained value may be out of the range of single precision where the reported one is not.
        let trained = check.finite("the lower bound's entropy", item(&entropy.value))?;
        let upper_bound = match upper_bound {
            true => lower.entropy_upper_bound(&view.without_tape())?,
            false => None,
        };
        let loss = -lambda * trained;
        let mut gradients = backward(entropy.value * -lambda as Real);
        Ok(Self {
            entropy: entropy.measurement,
            upper_bound,
            loss,
            samples: gradients.of(inputs.samples),
            generator: Gradient::of(generator, &mut gradients),
            lower: Gradient::of(lower, &mut gradients),
        })
    }
}

/// `E_pg[E] - lambda floor(H)` and its terms.
struct Terms {
    loss: f64,
    entropy: Measurement,
    upper_bound: Option<Measurement>,
}

/// The state that the generator's steps read and change.
pub(crate) struct GeneratorSide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub ranks: &'a Ranks,
    pub energy: &'a dyn Energy<G>,
    pub generator: &'a mut dyn Generator<G>,
    pub lower: &'a mut dyn LowerBound<G>,
    pub generator_optimizer: &'a mut dyn Optimizer,
    pub lower_optimizer: &'a mut dyn Optimizer,
    pub times: &'a mut PhaseTimes,
}

impl<G: Geometry> GeneratorSide<'_, G> {
    /// Minimises `E_pg[E] - lambda floor(H)` by one update, given the second term; `step`: iterations done.
    pub fn step(
        &mut self,
        batch: GeneratorBatch<G>,
        entropy: Result<EntropyTerm<G>, TrainError>,
        step: u64,
        report: &mut StepReport,
    ) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let (terms, gradients) = match entropy.and_then(|entropy| self.terms(batch, entropy, check)) {
            Ok((terms, generator, lower)) => (Some(terms), Ok([generator, lower])),
            Err(error) => (None, Err(error)),
        };
        let factor = self.config.generator.schedule.factor(step, self.config.steps);
        let updated = Instant::now();
        let norm = check.update(
            self.ranks,
            factor,
            [
                ("the generator's gradient", &mut *self.generator, &mut *self.generator_optimizer),
                ("the lower bound's gradient", &mut *self.lower, &mut *self.lower_optimizer),
            ],
            gradients,
        )?;
        self.times.generator_update += updated.elapsed();
        report.generator_gradient_norm = Some(norm);
        if let Some(terms) = terms {
            report.generator_loss = Some(terms.loss);
            report.entropy = self.lower.bounds_entropy().then_some(terms.entropy);
            report.entropy_upper_bound = terms.upper_bound;
        }
        Ok(())
    }

    /// Both terms on this rank's share of a batch, and their gradients in the generator and in the lower bound.
    fn terms(
        &self,
        batch: GeneratorBatch<G>,
        entropy: EntropyTerm<G>,
        check: Check,
    ) -> Result<(Terms, Gradient, Gradient), TrainError> {
        let energies = self.energy.forward(SharedTape::inputs_only().watch(&batch.samples));
        let energy = Estimate::sample_mean(energies);
        let loss = check.finite("the generator's loss", energy.measurement.value + entropy.loss)?;

        // Both terms go back through the generator in one pass.
        let slopes = backward(energy.value).of(&batch.samples);
        let loss_of_both = differentiated_by(batch.taped, loss, add::total(&slopes, &entropy.samples));
        let mut gradient = Gradient::of(&*self.generator, &mut backward(loss_of_both));
        gradient.add(&entropy.generator);
        let terms = Terms { loss, entropy: entropy.entropy, upper_bound: entropy.upper_bound };
        Ok((terms, gradient, entropy.lower))
    }
}
