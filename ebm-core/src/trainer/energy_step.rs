//! The energy's side of an iteration.

use dfdx::prelude::AsArray;

use super::check::Check;
use super::draws::{draw_data, draw_latents};
use super::{StepReport, TrainConfig, TrainError};
use crate::bounds::{EnergySituation, EnergyView, Estimate, Measurement, Target, UpperBound};
use crate::data::Dataset;
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::parallel;
use crate::models::{Energy, Generator};
use crate::optim::{Adam, Gradient};
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::{Parts, SharedTape, backward};

/// What the energy's steps read and change.
pub(super) struct EnergySide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub data: &'a dyn Dataset,
    pub generator: &'a dyn Generator<G>,
    pub energy: &'a mut dyn Energy<G>,
    pub upper: &'a mut dyn UpperBound<G>,
    pub energy_optimizer: &'a mut Adam,
    pub upper_optimizer: &'a mut Adam,
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
    /// Minimises `E_data[E] - E_pg[E] + ceil(KL)` by one update; `step`: iterations done.
    pub fn step(&mut self, step: u64, random: Random, report: &mut StepReport) -> Result<(), TrainError> {
        let batch = self.config.batch;
        let latents = draw_latents(self.generator.geometry(), batch, random);
        let data = draw_data(self.energy.geometry(), self.data, batch, random)?;
        let check = Check { step: report.step };
        let energy = &*self.energy;
        let (upper, generator) = (&mut *self.upper, self.generator);
        let (generated, (of_data, mut gradient)) = parallel::both(
            || generated_term(energy, upper, generator, &latents, &data, random, check),
            || data_term(energy, &data),
        );
        check.finite("E_data[E]", of_data.value)?;
        let generated = generated?;
        report.energy_loss = Some(check.finite("the energy's loss", of_data.value + generated.loss)?);
        gradient.add(&generated.energy);

        let factor = self.config.energy.schedule.factor(step, self.config.steps);
        let norm = check.update(
            factor,
            [
                (
                    "the energy's gradient",
                    &mut *self.energy as &mut dyn Module,
                    self.energy_optimizer,
                    gradient,
                ),
                (
                    "the upper bound's gradient",
                    &mut *self.upper,
                    self.upper_optimizer,
                    generated.upper,
                ),
            ],
        )?;
        report.energy_gradient_norm = Some(norm);
        report.data_energy = Some(of_data);
        report.generated_energy = Some(generated.generated_energy);
        report.divergence = (self.upper.target() != Target::Nothing).then_some(generated.divergence);
        Ok(())
    }
}

fn data_term<G: Geometry>(energy: &dyn Energy<G>, data: &Samples<G>) -> (Measurement, Gradient) {
    let tape = SharedTape::training(Parts::ENERGY);
    let mean = Estimate::sample_mean(energy.forward(tape.watch(data)));
    let gradient = Gradient::of(energy, &mut backward(mean.value));
    (mean.measurement, gradient)
}

fn generated_term<G: Geometry>(
    energy: &dyn Energy<G>,
    upper: &mut dyn UpperBound<G>,
    generator: &dyn Generator<G>,
    latents: &Latents<G>,
    data: &Samples<G>,
    random: Random,
    check: Check,
) -> Result<GeneratedTerm, TrainError> {
    let situation = EnergySituation {
        energy,
        generator,
        latents,
        data,
    };
    let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
    let view = EnergyView::new(&situation, tape, random, check.step);
    let divergence = upper.divergence(&view)?;
    let generated = Estimate::sample_mean(view.generated_energy());
    check.finite("E_pg[E]", generated.measurement.value)?;
    let trained = f64::from(divergence.value.array());
    check.finite("the upper bound's term", trained)?;
    let mut gradients = backward(divergence.value - generated.value);
    Ok(GeneratedTerm {
        loss: trained - generated.measurement.value,
        generated_energy: generated.measurement,
        divergence: divergence.measurement,
        energy: Gradient::of(energy, &mut gradients),
        upper: Gradient::of(upper, &mut gradients),
    })
}
