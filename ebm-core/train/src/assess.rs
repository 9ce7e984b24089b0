//! Evaluates the models without training them.

use crate::draws::{draw_data, draw_latents};
use crate::trainer::Trainer;
use crate::{config::Objective, error::TrainError, finite::finite, report::StepReport, snapshot::Snapshot};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView, Target};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::{data::Dataset, device::Real, models::sample, random::Random, tape::SharedTape};

/// Largest number of values, of samples and of their Jacobians, in a part of a batch; the networks hold several times
/// as many.
const LARGEST: usize = 1 << 23;

impl<G: Geometry> Trainer<G> {
    /// Refuses models that give a term that is not finite; a later failure goes back to the models that pass.
    ///
    /// Only the terms of the next iteration prove an update good, so models that are evaluated or kept need this check.
    pub(crate) fn verify(&mut self) -> Result<(), TrainError> {
        let step = self.progress.step;
        let random = self.random.stream("verification").at(step);
        let batch = self.config.batch;
        let latents = draw_latents(self.players.generator.geometry(), batch, random);
        let data = draw_data(self.players.energy.geometry(), &*self.data, batch, random)?;
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
            finite(step, "E_data[E]", mean(energy.forward(off.watch(&data))))?;
            if plays {
                finite(step, "E_pg[E]", mean(energy.forward(sample(generator, &latents, &off, random))))?;
                let view = GeneratorView::new(generator, &latents, off.clone(), random, step);
                let entropy = players.lower.entropy(&view)?.measurement.value;
                finite(step, "the lower bound's entropy", entropy)?;
            }
        }
        self.good = Snapshot::of(&self.players, step);
        Ok(())
    }

    /// The terms that several processes do not train as one would, each with the reason: terms that are computed from
    /// each process's share of a batch and are not means over its samples. Empty for a single process.
    ///
    /// # Errors
    /// If a bound does not fit these models, or the data cannot be read.
    pub fn couplings(&mut self) -> Result<Vec<String>, TrainError> {
        let share = self.ranks.share();
        if share.is_all() || self.config.objective != Objective::Bidirectional {
            return Ok(Vec::new());
        }
        let random = self.random.stream("couplings").share(share);
        let (batch, players) = (self.config.batch, &mut self.players);
        let (energy, generator) = (&*players.energy, &*players.generator);
        let latents = draw_latents(generator.geometry(), batch, random);
        let data = draw_data(energy.geometry(), &*self.data, batch, random)?;
        let situation = EnergySituation { energy, generator, latents: &latents, data: &data };
        let off = SharedTape::off();
        let upper = players.upper.divergence(&EnergyView::new(&situation, off.clone(), random, 0))?;
        let lower = players.lower.entropy(&GeneratorView::new(generator, &latents, off, random, 0))?;
        let normalised = "its batch-norm takes the statistics of each process's samples";
        let couples_batch = generator.facts().couples_batch;
        let found = [
            ("generator", couples_batch.then_some(normalised.into())),
            ("lower", lower.coupling),
            ("upper", upper.coupling),
            ("train", self.config.weighted.then(|| "its weights are normalised over each process's samples".into())),
        ];
        let reasons = found.into_iter().filter_map(|(part, reason)| Some((part, reason?)));
        Ok(reasons.map(|(part, reason)| format!("{part}: {reason}")).collect())
    }

    /// Computes all bound values on a fresh batch with the models of evaluation; nothing is trained.
    ///
    /// A batch whose Jacobians would take much memory is measured in parts; there are fewer generated samples than `batch`
    /// only where the data set holds out too few for as many parts.
    ///
    /// # Errors
    /// If a bound does not fit these models.
    pub fn bounds(&mut self, batch: usize, random: Random) -> Result<StepReport, TrainError> {
        let data = self.data.clone();
        self.bounds_on(&*data, batch, random)
    }

    /// As [`Trainer::bounds`], on the held-out samples of other data of the same width.
    ///
    /// # Errors
    /// If a bound does not fit these models, or [`Trainer::cancel`] was requested.
    pub fn bounds_on(&mut self, source: &dyn Dataset, batch: usize, random: Random) -> Result<StepReport, TrainError> {
        let geometry = self.players.energy.geometry();
        let data = source.held_out(batch, random.stream("data"));
        source.intact()?;
        let latents = random.stream("latents").normals(batch * geometry.latent_width());
        let held_out = data.len() / geometry.data_width();
        let rows = (LARGEST / ((1 + geometry.latent_width()) * geometry.data_width())).max(self.config.batch);
        // Each part has two samples of data at least, so that it has a standard error.
        let parts = batch.div_ceil(rows).min(held_out / 2).max(1);
        let generated = batch.min(parts * rows.min(batch));
        // The values of a part's rows, whose numbers differ by at most one.
        let share = |values: &[Real], rows: usize, width: usize, part: usize| {
            values[part * rows / parts * width..(part + 1) * rows / parts * width].to_vec()
        };
        let mut measured = Vec::with_capacity(parts);
        for part in 0..parts {
            self.cancel.check()?;
            let latents = geometry.latents(share(&latents, generated, geometry.latent_width(), part));
            let data = geometry.samples(share(&data, held_out, geometry.data_width(), part));
            let random = match parts {
                1 => random,
                _ => random.stream("part").stream(&part.to_string()),
            };
            measured.push(self.measure(&latents, &data, random)?);
        }
        let target = Some(self.players.upper.target());
        let mut report = StepReport { step: self.progress.step, target, ..Default::default() };
        report.pool(measured);
        report.combine();
        Ok(report)
    }

    fn measure(&mut self, latents: &Latents<G>, data: &Samples<G>, random: Random) -> Result<StepReport, TrainError> {
        let step = self.progress.step;
        let players = &mut self.players;
        let energy = players.energy_average.as_deref().unwrap_or(&*players.energy);
        let generator = players.generator_average.as_deref().unwrap_or(&*players.generator);
        let situation = EnergySituation { energy, generator, latents, data };
        let off = SharedTape::off();
        let view = EnergyView::new(&situation, off.clone(), random, step);
        let divergence = players.upper.divergence(&view)?.measurement;
        let mean = |values| Estimate::sample_mean(values).measurement;
        let view_of_lower = GeneratorView::new(generator, latents, off.clone(), random, step);
        let target = players.upper.target();
        let entropy = players.lower.entropy(&view_of_lower)?.measurement;
        Ok(StepReport {
            data_energy: Some(mean(energy.forward(off.watch(data)))),
            generated_energy: Some(mean(view.generated_energy())),
            entropy: players.lower.bounds_entropy().then_some(entropy),
            entropy_upper_bound: players.lower.entropy_upper_bound(&view_of_lower)?,
            divergence: (target != Target::Nothing).then_some(divergence),
            ..Default::default()
        })
    }
}
