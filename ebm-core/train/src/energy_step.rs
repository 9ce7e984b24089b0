//! The energy's side of an iteration.

use crate::draws::{draw_data, draw_latents};
use crate::finite::{finite, update};
use crate::optim::{Gradient, Optimizer};
use crate::phase_times::{PhaseTimes, timed};
use crate::{config::TrainConfig, data_parallel::Ranks, error::TrainError, report::StepReport};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Measurement, Target, UpperBound};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{data::Dataset, kernels::parallel, parameter::Module, random::Random, tensor::item};

/// The state that the energy's steps read and change.
pub(crate) struct EnergySide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub ranks: &'a Ranks,
    pub data: &'a dyn Dataset,
    pub generator: &'a dyn Generator<G>,
    pub energy: &'a mut dyn Energy<G>,
    pub upper: &'a mut dyn UpperBound<G>,
    pub energy_optimizer: &'a mut dyn Optimizer,
    pub upper_optimizer: &'a mut dyn Optimizer,
    pub times: &'a mut PhaseTimes,
}

/// `-E_pg[E] + ceil(KL)` and its gradient in the energy and in the bound's own networks.
struct GeneratedTerm {
    generated_energy: Measurement,
    divergence: Measurement,
    loss: f64,
    energy: Gradient,
    upper: Gradient,
}

impl<G: Geometry> EnergySide<'_, G> {
    /// Minimises `E_data[E] - E_pg[E] + ceil(KL)` by one update; `done`: iterations done.
    pub fn step(&mut self, done: u64, random: Random, report: &mut StepReport) -> Result<(), TrainError> {
        let gradients = self.gradients(random, report);
        let factor = self.config.energy.schedule.factor(done, self.config.steps);
        let modules: [(&str, &mut dyn Module, &mut dyn Optimizer); 2] = [
            ("the energy's gradient", &mut *self.energy, &mut *self.energy_optimizer),
            ("the upper bound's gradient", &mut *self.upper, &mut *self.upper_optimizer),
        ];
        let updated = || update(report.step, self.ranks, factor, modules, gradients);
        report.energy_gradient_norm = Some(timed(&mut self.times.energy_update, updated)?);
        Ok(())
    }

    /// Reports the terms on this rank's share of a batch. Returns their gradients in the energy and in the upper bound.
    fn gradients(&mut self, random: Random, report: &mut StepReport) -> Result<[Gradient; 2], TrainError> {
        let (batch, step) = (self.config.batch, report.step);
        let latents = draw_latents(self.generator.geometry(), batch, random);
        let data = draw_data(self.energy.geometry(), self.data, batch, random)?;
        let (energy, upper) = (&*self.energy, &mut *self.upper);
        let situation = EnergySituation { energy, generator: self.generator, latents: &latents, data: &data };
        let PhaseTimes { divergence, data_term: of_data_term, .. } = &mut *self.times;
        let (generated, (of_data, mut gradient)) = parallel::both(
            || timed(divergence, || generated_term(&situation, upper, random, step)),
            || timed(of_data_term, || data_term(energy, &data)),
        );
        finite(step, "E_data[E]", of_data.value)?;
        let generated = generated?;
        gradient.add(&generated.energy);
        report.energy_loss = Some(finite(step, "the energy's loss", of_data.value + generated.loss)?);
        report.data_energy = Some(of_data);
        report.generated_energy = Some(generated.generated_energy);
        report.divergence = (self.upper.target() != Target::Nothing).then_some(generated.divergence);
        Ok([gradient, generated.upper])
    }
}

fn data_term<G: Geometry>(energy: &dyn Energy<G>, data: &Samples<G>) -> (Measurement, Gradient) {
    let tape = SharedTape::training(Parts::ENERGY);
    let mean = Estimate::sample_mean(energy.forward(tape.watch(data)));
    let gradient = Gradient::of(energy, &mut backward(mean.value));
    (mean.measurement, gradient)
}

fn generated_term<G: Geometry>(
    situation: &EnergySituation<'_, G>,
    upper: &mut dyn UpperBound<G>,
    random: Random,
    step: u64,
) -> Result<GeneratedTerm, TrainError> {
    let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
    let view = EnergyView::new(situation, tape, random, step);
    let divergence = upper.divergence(&view)?;
    let generated = Estimate::sample_mean(view.generated_energy());
    finite(step, "E_pg[E]", generated.measurement.value)?;
    let trained = finite(step, "the upper bound's term", item(&divergence.value))?;
    let mut gradients = backward(divergence.value - generated.value);
    Ok(GeneratedTerm {
        loss: trained - generated.measurement.value,
        generated_energy: generated.measurement,
        divergence: divergence.measurement,
        energy: Gradient::of(situation.energy, &mut gradients),
        upper: Gradient::of(upper, &mut gradients),
    })
}
