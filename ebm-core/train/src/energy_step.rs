//! The energy's side of an iteration.

use crate::draws::{draw_data, draw_latents};
use crate::finite::{finite, update};
use crate::optim::{Gradient, Optimizer};
use crate::phase_times::{PhaseTimes, timed};
use crate::weighing::Weighing;
use crate::{config::TrainConfig, data_parallel::Ranks, error::TrainError, negatives::Negatives, report::StepReport};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Guarantee, Measurement, Target, UpperBound};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::tensor::{gradient_penalty, item};
use ebm_core::{data::Dataset, device::Real, kernels::parallel, parameter::Module, random::Random};

/// The state that the energy's steps read and change.
pub(crate) struct EnergySide<'a, G: Geometry> {
    pub config: &'a TrainConfig,
    pub ranks: &'a Ranks,
    pub data: &'a dyn Dataset,
    pub generator: &'a dyn Generator<G>,
    pub negatives: Option<&'a mut Negatives>,
    pub energy: &'a mut dyn Energy<G>,
    pub upper: &'a mut dyn UpperBound<G>,
    pub energy_optimizer: &'a mut dyn Optimizer,
    pub upper_optimizer: &'a mut dyn Optimizer,
    pub times: &'a mut PhaseTimes,
}

/// `E_data[E]`, with the penalty there, and the gradient of their sum.
struct DataTerm {
    energy: Measurement,
    penalty: Option<Measurement>,
    gradient: Gradient,
}

/// `-E_pg[E] + ceil(KL)` and its gradient in the energy and in the bound's own networks.
struct GeneratedTerm {
    generated_energy: Measurement,
    divergence: Measurement,
    loss: f64,
    effective_samples: Option<f64>,
    energy: Gradient,
    upper: Gradient,
}

impl<G: Geometry> EnergySide<'_, G> {
    /// Minimises `E_data[E] - E_pg[E] + ceil(KL)` by one update, with a penalty at the data and other negatives beside the
    /// generator's where the configuration has them; `done`: iterations done.
    pub fn step(
        &mut self,
        done: u64,
        random: Random,
        weighing: Option<Result<Weighing<G>, TrainError>>,
        report: &mut StepReport,
    ) -> Result<(), TrainError> {
        let gradients = self.gradients(random, weighing, report);
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
    fn gradients(
        &mut self,
        random: Random,
        weighing: Option<Result<Weighing<G>, TrainError>>,
        report: &mut StepReport,
    ) -> Result<[Gradient; 2], TrainError> {
        let weighing = weighing.transpose()?;
        let (config, generator, step) = (self.config, self.generator, report.step);
        let batch = config.batch;
        let penalty = config.data_penalty.at(step - 1);
        let latents = draw_latents(generator.geometry(), batch, random);
        let data = draw_data(self.energy.geometry(), self.data, batch, random)?;
        let (energy, upper) = (&*self.energy, &mut *self.upper);
        let negatives = &mut self.negatives;
        let situation = EnergySituation { energy, generator, latents: &latents, data: &data };
        let PhaseTimes { divergence, data_term: of_data_term, .. } = &mut *self.times;
        let (negative, of_data) = parallel::both(
            || {
                timed(divergence, || {
                    let weight = negatives.as_ref().map_or(1.0, |others| others.generated_weight());
                    let view =
                        EnergyView::new(&situation, SharedTape::training(Parts::ENERGY | Parts::UPPER), random, step);
                    let generated = generated_term(&view, upper, weight, weighing.as_ref())?;
                    let others = negatives.as_mut().map(|others| others.term(energy, generator, random, step));
                    Ok::<_, TrainError>((generated, others.transpose()?))
                })
            },
            || timed(of_data_term, || data_term(energy, &data, penalty)),
        );
        finite(step, "E_data[E]", of_data.energy.value)?;
        let (generated, others) = negative?;
        let DataTerm { energy: data_energy, penalty, mut gradient } = of_data;
        let mut loss = data_energy.value + generated.loss;
        loss += penalty.as_ref().map_or(0.0, |penalty| penalty.value);
        gradient.add(&generated.energy);
        if let Some(others) = others {
            loss += others.loss;
            gradient.add(&others.gradient);
            report.refined_energy = Some(others.refined);
        }
        report.energy_loss = Some(finite(step, "the energy's loss", loss)?);
        report.data_energy = Some(data_energy);
        report.data_penalty = penalty;
        report.effective_samples = generated.effective_samples;
        report.generated_energy = Some(generated.generated_energy);
        report.divergence = (self.upper.target() != Target::Nothing).then_some(generated.divergence);
        Ok([gradient, generated.upper])
    }
}

fn data_term<G: Geometry>(energy: &dyn Energy<G>, data: &Samples<G>, weight: f64) -> DataTerm {
    let tape = SharedTape::training(Parts::ENERGY);
    let (mean, loss, penalty) = if weight == 0.0 {
        let mean = Estimate::sample_mean(energy.forward(tape.watch(data)));
        (mean.measurement, mean.value, None)
    } else {
        let (penalties, energies) = gradient_penalty(energy, data, weight, &tape);
        let penalty = Estimate::mean_of(penalties, Guarantee::heuristic("a penalty, not a bound"));
        let mean = Estimate::sample_mean(energies);
        (mean.measurement, mean.value + penalty.value, Some(penalty.measurement))
    };
    DataTerm { energy: mean, penalty, gradient: Gradient::of(energy, &mut backward(loss)) }
}

/// The term with `weight` times `E_pg[E]`, whose samples may be weighed; the value that is reported has neither.
fn generated_term<G: Geometry>(
    view: &EnergyView<'_, G>,
    upper: &mut dyn UpperBound<G>,
    weight: f64,
    weighing: Option<&Weighing<G>>,
) -> Result<GeneratedTerm, TrainError> {
    let divergence = upper.divergence(view)?;
    let generated = Estimate::sample_mean(view.generated_energy());
    finite(view.step, "E_pg[E]", generated.measurement.value)?;
    let trained = finite(view.step, "the upper bound's term", item(&divergence.value))?;
    let mut loss = generated.measurement.value;
    let (mut value, mut effective_samples) = (generated.value, None);
    if let Some(weighing) = weighing {
        let weighed = weighing.weigh(view.energy, view.generated_energy(), &view.tape);
        loss = finite(view.step, "the mean weight of the generated samples", item(&weighed.energy))?;
        (value, effective_samples) = (weighed.energy, Some(weighed.effective_samples));
    }
    if weight != 1.0 {
        value = value * weight as Real;
    }
    let mut gradients = backward(divergence.value - value);
    Ok(GeneratedTerm {
        loss: trained - weight * loss,
        effective_samples,
        generated_energy: generated.measurement,
        divergence: divergence.measurement,
        energy: Gradient::of(view.energy, &mut gradients),
        upper: Gradient::of(upper, &mut gradients),
    })
}
