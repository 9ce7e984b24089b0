//! Looking at the models without training them.

use super::check::Check;
use super::draws::{draw_data, draw_latents};
use super::snapshot::Snapshot;
use super::{Objective, StepReport, TrainError, Trainer};
use crate::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView, Target};
use crate::geometry::Geometry;
use crate::models::sample;
use crate::random::Random;
use crate::tape::SharedTape;

impl<G: Geometry> Trainer<G> {
    /// Refuses models that give a term that is not finite; those that pass are what a later failure goes back to.
    ///
    /// An update is proved good by the terms of the next iteration only, so models that are looked at or kept need this.
    pub(super) fn verify(&mut self) -> Result<(), TrainError> {
        let random = self.random.stream("verification").at(self.progress.step);
        let batch = self.config.batch;
        let latents = draw_latents(self.players.generator.geometry(), batch, random);
        let data = draw_data(self.players.energy.geometry(), &*self.data, batch, random);
        let check = Check {
            step: self.progress.step,
        };
        let plays = self.config.objective == Objective::Bidirectional;
        let off = SharedTape::off();
        let mean = |values| Estimate::sample_mean(values).measurement.value;
        let players = &mut self.players;
        let trained = (&*players.energy, &*players.generator);
        let averaged = (
            players.energy_average.as_deref().unwrap_or(trained.0),
            players.generator_average.as_deref().unwrap_or(trained.1),
        );
        for (energy, generator) in [trained, averaged] {
            check.finite("E_data[E]", mean(energy.forward(off.watch(&data))))?;
            if plays {
                check.finite(
                    "E_pg[E]",
                    mean(energy.forward(sample(generator, &latents, &off, random))),
                )?;
                let view = GeneratorView::new(generator, &latents, off.clone(), random, self.progress.step);
                let entropy = players.lower.entropy(&view)?.measurement.value;
                check.finite("the lower bound's entropy", entropy)?;
            }
        }
        self.good = Snapshot::of(&self.players, self.progress.step);
        Ok(())
    }

    /// All bound values on a fresh batch with the models of evaluation; nothing is trained.
    ///
    /// # Errors
    /// If a bound does not fit these models.
    pub fn bounds(&mut self, batch: usize, random: Random) -> Result<StepReport, TrainError> {
        let latents = draw_latents(self.players.generator.geometry(), batch, random);
        let data = self.data.held_out(batch, random.stream("data"));
        let data = self.players.energy.geometry().samples(data);
        let step = self.progress.step;
        let players = &mut self.players;
        let energy = players.energy_average.as_deref().unwrap_or(&*players.energy);
        let generator = players.generator_average.as_deref().unwrap_or(&*players.generator);
        let situation = EnergySituation {
            energy,
            generator,
            latents: &latents,
            data: &data,
        };
        let off = SharedTape::off();
        let view = EnergyView::new(&situation, off.clone(), random, step);
        let divergence = players.upper.divergence(&view)?.measurement;
        let mean = |values| Estimate::sample_mean(values).measurement;
        let latents_view = GeneratorView::new(generator, &latents, off.clone(), random, step);
        let target = players.upper.target();
        let entropy = players.lower.entropy(&latents_view)?.measurement;
        let mut report = StepReport {
            step,
            data_energy: Some(mean(energy.forward(off.watch(&data)))),
            generated_energy: Some(mean(view.generated_energy())),
            entropy: players.lower.bounds_entropy().then_some(entropy),
            entropy_ceiling: players.lower.entropy_ceiling(&latents_view)?,
            divergence: (target != Target::Nothing).then_some(divergence),
            target: Some(target),
            ..Default::default()
        };
        report.combine();
        Ok(report)
    }
}
