//! One step of each player.

use dfdx::prelude::*;

use super::snapshot::Snapshot;
use super::{Objective, StepReport, TrainError, Trainer};
use crate::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView, Guarantee, Measurement, Target};
use crate::device::{Real, Scalar};
use crate::geometry::{Geometry, Latents, Samples};
use crate::models::{Generator, sample};
use crate::optim::{Adam, collect_gradients, gradient_norm};
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::{GradientMap, Parts, SharedTape, backward};

const SAMPLE_MEAN: &str = "unbiased sample mean";

impl<G: Geometry> Trainer<G> {
    pub(super) fn draw_latents(&self, count: usize, random: Random) -> Latents<G> {
        let geometry = self.players.generator.geometry();
        geometry.latents(random.stream("latents").normals(count * geometry.latent_width()))
    }

    pub(super) fn draw_data(&self, random: Random) -> Samples<G> {
        let values = self.data.draw(self.config.batch, random.stream("data"));
        self.players.energy.geometry().samples(values)
    }

    /// Minimises `E_data[E] - E_pg[E] + ceil(KL)` by one update.
    pub(super) fn energy_step(&mut self, k: usize, report: &mut StepReport) -> Result<(), TrainError> {
        let count = self.step * self.config.energy.steps as u64 + k as u64;
        let random = self.random.stream("energy-step").at(count);
        let latents = self.draw_latents(self.config.batch, random);
        let data = self.draw_data(random);
        let players = &mut self.players;
        let generated = values_of(&*players.generator, &latents, random);
        let situation = EnergySituation {
            energy: &*players.energy,
            generator: &*players.generator,
            latents: &latents,
            generated: &generated,
            data: &data,
        };
        let tape = SharedTape::training(Parts::ENERGY | Parts::UPPER);
        let view = EnergyView::new(&situation, tape.clone(), random, report.step);
        let divergence = players.upper.divergence(&view)?;
        let of_data = Estimate::mean_of(
            view.energy.forward(tape.watch(&data)),
            Guarantee::certified(SAMPLE_MEAN),
        );
        let of_generated = Estimate::mean_of(view.generated_energy(), Guarantee::certified(SAMPLE_MEAN));
        let check = Check { step: report.step };
        check.finite("E_data[E]", of_data.measurement.value)?;
        check.finite("E_pg[E]", of_generated.measurement.value)?;
        check.finite("the upper bound's term", f64::from(divergence.value.array()))?;
        let loss = of_data.value - of_generated.value + divergence.value;
        report.energy_loss = Some(check.scalar("the energy's loss", &loss)?);
        drop((view, situation));

        let mut gradients = backward(loss);
        let factor = self.config.energy.schedule.factor(self.step, self.config.steps);
        let norm = check.update(
            "the energy's gradient",
            factor,
            &mut gradients,
            [
                (&mut *players.energy as &mut dyn Module, &mut self.optimizers.energy),
                (&mut *players.upper as &mut dyn Module, &mut self.optimizers.upper),
            ],
        )?;
        report.energy_gradient_norm = Some(norm);
        report.data_energy = Some(of_data.measurement);
        report.generated_energy = Some(of_generated.measurement);
        report.divergence = (self.players.upper.target() != Target::Nothing).then_some(divergence.measurement);
        Ok(())
    }

    /// Minimises `E_pg[E] - lambda floor(H)` by one update.
    pub(super) fn generator_step(&mut self, k: usize, full: bool, report: &mut StepReport) -> Result<(), TrainError> {
        let count = self.step * self.config.generator.steps as u64 + k as u64;
        let random = self.random.stream("generator-step").at(count);
        let latents = self.draw_latents(self.config.batch, random);
        let players = &mut self.players;
        let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
        let view = GeneratorView {
            generator: &*players.generator,
            latents: &latents,
            tape: tape.clone(),
            random,
            step: report.step,
        };
        let entropy = players.lower.entropy(&view)?;
        let energies = players.energy.forward(sample(view.generator, &latents, &tape, random));
        let energy = Estimate::mean_of(energies, Guarantee::certified(SAMPLE_MEAN));
        let check = Check { step: report.step };
        check.finite("the lower bound's entropy", entropy.measurement.value)?;
        check.finite("E_pg[E]", energy.measurement.value)?;
        let lambda = players.lower.lambda() as Real;
        let loss = energy.value - entropy.value * lambda;
        report.generator_loss = Some(check.scalar("the generator's loss", &loss)?);

        if full && players.upper.target() == Target::Divergence {
            report.entropy_ceiling = players.lower.entropy_ceiling(&view.without_tape())?;
        }
        let mut gradients = backward(loss);
        let factor = self.config.generator.schedule.factor(self.step, self.config.steps);
        let norm = check.update(
            "the generator's gradient",
            factor,
            &mut gradients,
            [
                (
                    &mut *players.generator as &mut dyn Module,
                    &mut self.optimizers.generator,
                ),
                (&mut *players.lower as &mut dyn Module, &mut self.optimizers.lower),
            ],
        )?;
        report.generator_gradient_norm = Some(norm);
        report.entropy = Some(entropy.measurement);
        report.target = Some(self.players.upper.target());
        Ok(())
    }

    /// Refuses models that give a term that is not finite; those that pass are what a later failure goes back to.
    ///
    /// An update is proved good by the terms of the next iteration only, so models that are looked at or kept need this.
    pub(super) fn verify(&mut self) -> Result<(), TrainError> {
        let random = self.random.stream("verification").at(self.step);
        let (latents, data) = (self.draw_latents(self.config.batch, random), self.draw_data(random));
        let check = Check { step: self.step };
        let plays = self.config.objective == Objective::Bidirectional;
        let off = SharedTape::off();
        let mean = |values| {
            Estimate::mean_of(values, Guarantee::certified(SAMPLE_MEAN))
                .measurement
                .value
        };
        let players = &mut self.players;
        let trained = (&*players.energy, &*players.generator);
        let averaged = (
            players.energy_average.as_deref().unwrap_or(trained.0),
            players.generator_average.as_deref().unwrap_or(trained.1),
        );
        for (energy, generator) in [trained, averaged] {
            check.finite("E_data[E]", mean(energy.forward(off.watch(&data))))?;
            if plays {
                let generated = values_of(generator, &latents, random);
                check.finite("E_pg[E]", mean(energy.forward(off.watch(&generated))))?;
                let view = GeneratorView {
                    generator,
                    latents: &latents,
                    tape: off.clone(),
                    random,
                    step: self.step,
                };
                let entropy = players.lower.entropy(&view)?.measurement.value;
                check.finite("the lower bound's entropy", entropy)?;
            }
        }
        self.good = Snapshot::of(&self.players, self.step);
        Ok(())
    }

    /// All bound values on a fresh batch with the models of evaluation; nothing is trained.
    ///
    /// # Errors
    /// If a bound does not fit these models.
    pub fn bounds(&mut self, batch: usize, random: Random) -> Result<StepReport, TrainError> {
        let latents = self.draw_latents(batch, random);
        let data = self.data.held_out(batch, random.stream("data"));
        let data = self.players.energy.geometry().samples(data);
        let step = self.step;
        let players = &mut self.players;
        let energy = players.energy_average.as_deref().unwrap_or(&*players.energy);
        let generator = players.generator_average.as_deref().unwrap_or(&*players.generator);
        let generated = values_of(generator, &latents, random);
        let situation = EnergySituation {
            energy,
            generator,
            latents: &latents,
            generated: &generated,
            data: &data,
        };
        let off = SharedTape::off();
        let view = EnergyView::new(&situation, off.clone(), random, step);
        let divergence = players.upper.divergence(&view)?.measurement;
        let mean = |values| Estimate::mean_of(values, Guarantee::certified(SAMPLE_MEAN)).measurement;
        let latents_view = GeneratorView {
            generator,
            latents: &latents,
            tape: off.clone(),
            random,
            step,
        };
        let target = players.upper.target();
        let mut report = StepReport {
            step,
            data_energy: Some(mean(energy.forward(off.watch(&data)))),
            generated_energy: Some(mean(view.generated_energy())),
            entropy: Some(players.lower.entropy(&latents_view)?.measurement),
            entropy_ceiling: players.lower.entropy_ceiling(&latents_view)?,
            divergence: (target != Target::Nothing).then_some(divergence),
            target: Some(target),
            ..Default::default()
        };
        report.combine();
        Ok(report)
    }
}

/// `G(z) + sigma n` as values.
fn values_of<G: Geometry>(generator: &dyn Generator<G>, latents: &Latents<G>, random: Random) -> Samples<G> {
    sample(generator, latents, &SharedTape::off(), random).split_tape().0
}

/// Refuses what is not finite.
pub(super) struct Check {
    /// The iteration, counted from 1.
    pub step: u64,
}

impl Check {
    pub fn finite(&self, term: &str, value: f64) -> Result<(), TrainError> {
        if value.is_finite() {
            return Ok(());
        }
        Err(TrainError::NonFinite {
            step: self.step,
            term: term.into(),
            value,
            // Who puts the models back fills this in.
            restored: 0,
            advice: "Try a smaller learning rate, clipping (optimizer.clip), or a stronger upper bound.".into(),
        })
    }

    pub fn scalar(&self, term: &str, value: &Scalar<SharedTape>) -> Result<f64, TrainError> {
        let value = f64::from(value.array());
        self.finite(term, value)?;
        Ok(value)
    }

    /// Updates the modules, or none of them if a gradient is not finite. Returns the norm of the first one's gradient.
    pub fn update<const N: usize>(
        &self,
        term: &str,
        factor: f64,
        gradients: &mut GradientMap,
        modules: [(&mut dyn Module, &mut Adam); N],
    ) -> Result<f64, TrainError> {
        let mut found = Vec::with_capacity(N);
        for (module, _) in &modules {
            let gradients = collect_gradients(&**module, gradients);
            let norm = gradient_norm(&gradients);
            self.finite(term, norm)?;
            found.push((gradients, norm));
        }
        let norm = found.first().map_or(0.0, |(_, norm)| *norm);
        for ((module, optimizer), (gradients, norm)) in modules.into_iter().zip(found) {
            optimizer.update(module, &gradients, norm, factor);
            module.commit();
        }
        Ok(norm)
    }
}

impl StepReport {
    /// Fills in `lower` and `upper` from the terms.
    pub(super) fn combine(&mut self) {
        let (Some(data), Some(generated), Some(entropy)) = (&self.data_energy, &self.generated_energy, &self.entropy)
        else {
            return;
        };
        let contrast = difference(data, generated);
        self.lower = Some(total(&contrast, &[entropy]));
        let divergence = self.divergence.as_ref();
        self.upper = match (self.target, divergence, &self.entropy_ceiling) {
            (Some(Target::CrossEntropy), Some(cross), _) => Some(total(&contrast, &[cross])),
            (Some(Target::Divergence), Some(divergence), Some(ceiling)) => {
                Some(total(&contrast, &[divergence, ceiling]))
            }
            _ => None,
        };
    }
}

fn difference(a: &Measurement, b: &Measurement) -> Measurement {
    Measurement {
        value: a.value - b.value,
        standard_error: a.standard_error.hypot(b.standard_error),
        samples: a.samples.min(b.samples),
        guarantee: a.guarantee.clone().and(b.guarantee.clone()),
        diagnostics: Vec::new(),
    }
}

fn total(first: &Measurement, others: &[&Measurement]) -> Measurement {
    let mut sum = first.clone();
    for other in others {
        sum.value += other.value;
        sum.standard_error = sum.standard_error.hypot(other.standard_error);
        sum.samples = sum.samples.min(other.samples);
        sum.guarantee = other.guarantee.clone().and(sum.guarantee);
    }
    sum
}
