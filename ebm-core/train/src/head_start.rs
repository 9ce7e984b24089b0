//! The energy's terms while it waits for the generator (`train.head_start`).

use crate::draws::{draw_data, draw_latents};
use crate::{energy_step::EnergySide, error::TrainError, report::StepReport};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Target};
use ebm_core::{geometry::Geometry, random::Random, tape::SharedTape};

impl<G: Geometry> EnergySide<'_, G> {
    /// Reports the terms that a step would train on, and trains nothing. All ranks call it alike.
    pub fn measure(&mut self, random: Random, report: &mut StepReport) -> Result<(), TrainError> {
        let measured = self.measured(random, report);
        self.ranks.agree(measured)
    }

    fn measured(&mut self, random: Random, report: &mut StepReport) -> Result<(), TrainError> {
        let batch = self.config.batch;
        let latents = draw_latents(self.generator.geometry(), batch, random);
        let data = draw_data(self.energy.geometry(), self.data, batch, random)?;
        let energy = &*self.energy;
        let situation = EnergySituation { energy, generator: self.generator, latents: &latents, data: &data };
        // A tape that records would leave warm starts behind, and what is trained would depend on what is reported.
        let off = SharedTape::off();
        let view = EnergyView::new(&situation, off.clone(), random, report.step);
        let divergence = self.upper.divergence(&view)?.measurement;
        let mean = |values| Estimate::sample_mean(values).measurement;
        report.data_energy = Some(mean(energy.forward(off.watch(&data))));
        report.generated_energy = Some(mean(view.generated_energy()));
        report.divergence = (self.upper.target() != Target::Nothing).then_some(divergence);
        Ok(())
    }
}
