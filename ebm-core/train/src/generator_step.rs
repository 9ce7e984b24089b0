//! The generator's side of an iteration.

use crate::finite::{finite, update};
use crate::optim::{Gradient, Optimizer};
use crate::phase_times::{PhaseTimes, timed};
use crate::{config::TrainConfig, data_parallel::Ranks, draws::draw_latents, error::TrainError, report::StepReport};
use ebm_core::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::{add, differentiated_by};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::{detach, item, rows};
use ebm_core::{device::Real, parameter::Module, random::Random};

/// The latents and samples of a step of the generator.
pub(crate) struct GeneratorBatch<G: Geometry> {
    /// The inputs of the entropy's term; two threads may read them.
    pub inputs: EntropyInputs<G>,
    /// The samples with the generator's operations behind them.
    taped: Samples<G, SharedTape>,
}

/// The part of a [`GeneratorBatch`] that the entropy is computed from.
pub(crate) struct EntropyInputs<G: Geometry> {
    /// `[B, d]`
    latents: Latents<G>,
    /// The latents of the whole batch, where this is a share of it.
    whole: Option<Latents<G>>,
    /// `[B, D]`
    samples: Samples<G>,
}

impl<G: Geometry> GeneratorBatch<G> {
    /// Draws latents of a batch, or of the part of it that `random` is for, and the samples they become.
    pub fn new(generator: &dyn Generator<G>, batch: usize, random: Random) -> Self {
        let latents = draw_latents(generator.geometry(), batch, random);
        let is_share = !random.shared_by().is_all();
        let whole = is_share.then(|| draw_latents(generator.geometry(), batch, random.whole()));
        let tape = SharedTape::training(Parts::GENERATOR);
        let taped = sample(generator, &latents, &tape, random);
        Self { inputs: EntropyInputs { latents, whole, samples: detach(taped.clone()) }, taped }
    }
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
        inputs: &EntropyInputs<G>,
        lambda: f64,
        random: Random,
        step: u64,
        upper_bound: bool,
    ) -> Result<Self, TrainError> {
        let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
        let view = GeneratorView::new(generator, &inputs.latents, tape, random, step);
        let mut view = view.with_samples(&inputs.samples);
        if let Some(whole) = &inputs.whole {
            view = view.within_batch(whole, random.shared_by().rows(rows(whole)));
        }
        let entropy = lower.entropy(&view)?;
        finite(step, "the lower bound's entropy", entropy.measurement.value)?;
        // The trained value may be out of the range of single precision where the reported one is not.
        let trained = finite(step, "the lower bound's entropy", item(&entropy.value))?;
        let upper_bound = if upper_bound { lower.entropy_upper_bound(&view.without_tape())? } else { None };
        let loss = -lambda * trained;
        let mut gradients = backward(entropy.value * -lambda as Real);
        Ok(Self {
            entropy: entropy.measurement,
            upper_bound,
            loss,
            samples: gradients.of(&inputs.samples),
            generator: Gradient::of(generator, &mut gradients),
            lower: Gradient::of(lower, &mut gradients),
        })
    }
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
    /// Minimises `w E_pg[E] - lambda floor(H)` by one update, given the second term; `done`: iterations done.
    pub fn step(
        &mut self,
        batch: GeneratorBatch<G>,
        entropy: Result<EntropyTerm<G>, TrainError>,
        done: u64,
        report: &mut StepReport,
    ) -> Result<(), TrainError> {
        let gradients = entropy.and_then(|entropy| self.gradients(batch, entropy, done, report));
        let factor = self.config.generator.schedule.factor(done, self.config.steps);
        let modules: [(&str, &mut dyn Module, &mut dyn Optimizer); 2] = [
            ("the generator's gradient", &mut *self.generator, &mut *self.generator_optimizer),
            ("the lower bound's gradient", &mut *self.lower, &mut *self.lower_optimizer),
        ];
        let updated = || update(report.step, self.ranks, factor, modules, gradients);
        report.generator_gradient_norm = Some(timed(&mut self.times.generator_update, updated)?);
        Ok(())
    }

    /// Reports both terms on this rank's share of a batch. Returns their gradients in the generator and in the lower bound.
    fn gradients(
        &self,
        batch: GeneratorBatch<G>,
        entropy: EntropyTerm<G>,
        done: u64,
        report: &mut StepReport,
    ) -> Result<[Gradient; 2], TrainError> {
        let samples = &batch.inputs.samples;
        let energy = Estimate::sample_mean(self.energy.forward(SharedTape::inputs_only().watch(samples)));
        let weight = self.config.energy_weight.at(done);
        let loss = finite(report.step, "the generator's loss", weight * energy.measurement.value + entropy.loss)?;

        // Both terms go back through the generator in one pass.
        let slopes = backward(energy.value * weight as Real).of(samples);
        let loss_of_both = differentiated_by(batch.taped, loss, add::total(&slopes, &entropy.samples));
        let mut gradient = Gradient::of(&*self.generator, &mut backward(loss_of_both));
        gradient.add(&entropy.generator);
        report.generator_loss = Some(loss);
        report.entropy = self.lower.bounds_entropy().then_some(entropy.entropy);
        report.entropy_upper_bound = entropy.upper_bound;
        Ok([gradient, entropy.lower])
    }
}
