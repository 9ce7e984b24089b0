//! The energy's side of an iteration.

use std::time::Instant;

use crate::config::TrainConfig;
use crate::data_parallel::Ranks;
use crate::draws::{draw_data, draw_latents};
use crate::error::TrainError;
use crate::finite::Check;
use crate::optim::{Gradient, Optimizer};
use crate::phase_times::{PhaseTimes, timed};
use crate::report::StepReport;
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Measurement, Target, UpperBound};
use ebm_core::data::Dataset;
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::parallel;
use ebm_core::models::{Energy, Generator};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::item;

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

/// `E_data[E] - E_pg[E] + ceil(KL)` and its terms.
struct Terms {
    data_energy: Measurement,
    generated_energy: Measurement,
    divergence: Measurement,
    loss: f64,
}

impl<G: Geometry> EnergySide<'_, G> {
    /// Minimises `E_data[E] - E_pg[E] + ceil(KL)` by one update; `step`: iterations done.
    pub fn step(&mut self, step: u64, random: Random, report: &mut StepReport) -> Result<(), TrainError> {
        let check = Check { step: report.step };
        let (terms, gradients) = match self.terms(random, check) {
            Ok((terms, energy, upper)) => (Some(terms), Ok([energy, upper])),
            Err(error) => (None, Err(error)),
        };
        let factor = self.config.energy.schedule.factor(step, self.config.steps);
        let updated = Instant::now();
        let norm = check.update(
            self.ranks,
            factor,
            [
                ("the energy's gradient", &mut *self.energy, &mut *self.energy_optimizer),
                ("the upper bound's gradient", &mut *self.upper, &mut *self.upper_optimizer),
            ],
            gradients,
        )?;
        self.times.energy_update += updated.elapsed();
        report.energy_gradient_norm = Some(norm);
        if let Some(terms) = terms {
            report.energy_loss = Some(terms.loss);
            report.data_energy = Some(terms.data_energy);
            report.generated_energy = Some(terms.generated_energy);
            report.divergence = (self.upper.target() != Target::Nothing).then_some(terms.divergence);
        }
        Ok(())
    }

    /// The terms on this rank's share of a batch, and their gradients in the energy and in the upper bound.
    fn terms(&mut self, random: Random, check: Check) -> Result<(Terms, Gradient, Gradient), TrainError> {
        let batch = self.config.batch;
        let latents = draw_latents(self.generator.geometry(), batch, random);
        let data = draw_data(self.energy.geometry(), self.data, batch, random)?;
        let energy = &*self.energy;
        let (upper, generator) = (&mut *self.upper, self.generator);
        let PhaseTimes { divergence, data_term: of_data_term, .. } = &mut *self.times;
        let (generated, (of_data, mut gradient)) = parallel::both(
            || timed(divergence, || generated_term(energy, upper, generator, &latents, &data, random, check)),
            || timed(of_data_term, || data_term(energy, &data)),
        );
        check.finite("E_data[E]", of_data.value)?;
        let generated = generated?;
        let loss = check.finite("the energy's loss", of_data.value + generated.loss)?;
        gradient.add(&generated.energy);
        let terms = Terms {
            data_energy: of_data,
            generated_energy: generated.generated_energy,
            divergence: generated.divergence,
            loss,
        };
        Ok((terms, gradient, generated.upper))
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
    let situation = EnergySituation { energy, generator, latents, data };
    let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
    let view = EnergyView::new(&situation, tape, random, check.step);
    let divergence = upper.divergence(&view)?;
    let generated = Estimate::sample_mean(view.generated_energy());
    check.finite("E_pg[E]", generated.measurement.value)?;
    let trained = item(&divergence.value);
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
