use std::time::{Duration, Instant};

use crate::generator_step::{EntropyInputs, EntropyTerm, GeneratorBatch, GeneratorSide};
use crate::phase_times::{PhaseTimes, timed};
use crate::{config::PlayerConfig, energy_step::EnergySide, error::TrainError, negatives::Negatives};
use crate::{
    non_finite::NonFinitePolicy, report::StepReport, snapshot::Snapshot, trainer::Trainer, weighing::Weighing,
};
use ebm_core::bounds::{LowerBound, Target};
use ebm_core::{geometry::Geometry, kernels::parallel, models::Generator, schedule::Scheduled};

impl<G: Geometry> Trainer<G> {
    /// One iteration. `full`: also compute values that are only reported.
    ///
    /// The models after it are proved good by the next one. Where a term was not finite and the configuration says to go on,
    /// the report has the [`fault`](StepReport::fault) and no values. Where several processes train, all call this alike, and
    /// only a full report is of the whole batch.
    ///
    /// # Errors
    /// As [`Trainer::run`], except for observers.
    pub fn advance(&mut self, full: bool) -> Result<StepReport, TrainError> {
        let (config, done) = (&self.config, self.progress.step);
        let changing = |number: &Scheduled| (!matches!(number, Scheduled::Constant(_))).then(|| number.at(done));
        let mut report = StepReport {
            step: done + 1,
            energy_learning_rate: match config.trains_energy(done) {
                true => config.energy.rate(done, config.steps),
                false => 0.0,
            },
            generator_learning_rate: config.generator.rate(done, config.steps),
            lambda: changing(&config.lambda),
            energy_weight: changing(&config.energy_weight),
            ..Default::default()
        };
        let before = Snapshot::of(&self.players, self.progress.step);
        self.optimizers.iter_mut().for_each(|optimizer| optimizer.mark());
        self.negatives.iter_mut().for_each(Negatives::mark);
        let done = self.iterate(full, &mut report);
        self.times.iterations += 1;
        match done {
            Ok(()) => {
                self.good = before;
                self.progress.skipped = 0;
                if let NonFinitePolicy::Rollback(rollback) = self.config.non_finite
                    && self.progress.step.is_multiple_of(rollback.every)
                {
                    self.set_mark()?;
                }
                Ok(report)
            }
            Err(error) => {
                Ok(StepReport { step: report.step, fault: Some(self.recover(error, before)?), ..Default::default() })
            }
        }
    }

    fn iterate(&mut self, full: bool, report: &mut StepReport) -> Result<(), TrainError> {
        match self.likelihood_box.clone() {
            Some(region) => self.likelihood_step(&region, report)?,
            None => self.minimax(full, report)?,
        }
        if full {
            self.ranks.pool(report, || self.players.checksum())?;
        }
        report.combine();
        self.set_step(self.progress.step + 1);
        let decays = [self.config.energy.average, self.config.generator.average];
        self.players.follow_average(decays, self.progress.step);
        Ok(())
    }

    /// The steps of both players.
    fn minimax(&mut self, full: bool, report: &mut StepReport) -> Result<(), TrainError> {
        let (done, random) = (self.progress.step, self.draws());
        let (config, ranks, players, times) = (&self.config, &self.ranks, &mut self.players, &mut self.times);
        let [energy_optimizer, generator_optimizer, lower_optimizer, upper_optimizer] = &mut self.optimizers;
        let (step, target) = (report.step, players.upper.target());
        let place = |player: &PlayerConfig, stream: &str, k: usize| {
            random.stream(stream).at(done * player.steps as u64 + k as u64)
        };
        let draw = |generator: &dyn Generator<G>, k| {
            GeneratorBatch::new(generator, config.batch, place(&config.generator, "generator-step", k))
        };
        let entropy = |generator: &dyn Generator<G>, lower: &mut dyn LowerBound<G>, inputs: &EntropyInputs<G>, k| {
            let random = place(&config.generator, "generator-step", k);
            let upper_bound = full && target == Target::Divergence;
            EntropyTerm::new(generator, lower, inputs, config.lambda.at(done), random, step, upper_bound)
        };

        // The generator stands still while the energy is trained. An error is one of the energy's step, where all ranks meet.
        let mut weighing = |k: usize| {
            let outside = self.outside.as_ref().filter(|_| config.trains_energy(done))?;
            let (random, generator) = (place(&config.energy, "energy-step", k), &*players.generator);
            let weighing = || Weighing::new(generator, &*players.lower, outside, config.batch, random, step);
            Some(timed(&mut times.weighing, weighing))
        };
        let mut weighings: Vec<_> = (0..config.energy.steps).map(&mut weighing).collect();

        // The entropy of the generator's first step does not wait for the energy's steps: they leave the generator alone.
        let (generator, lower) = (&*players.generator, &mut *players.lower);
        let batch = timed(&mut times.sampling, || draw(generator, 0));
        let inputs = &batch.inputs;
        let mut energy_side = EnergySide {
            config,
            ranks,
            data: &*self.data,
            generator,
            negatives: self.negatives.as_mut(),
            energy: &mut *players.energy,
            upper: &mut *players.upper,
            energy_optimizer: &mut **energy_optimizer,
            upper_optimizer: &mut **upper_optimizer,
            times,
        };
        let mut in_entropy = Duration::ZERO;
        let (energy_done, first) = parallel::both(
            || {
                let started = Instant::now();
                let place = |k| place(&config.energy, "energy-step", k);
                let done = match config.trains_energy(done) {
                    true => weighings
                        .drain(..)
                        .enumerate()
                        .try_for_each(|(k, weighing)| energy_side.step(done, place(k), weighing, report)),
                    false if full => energy_side.measure(place(0), report),
                    false => Ok(()),
                };
                energy_side.times.energy_step += started.elapsed();
                done
            },
            || timed(&mut in_entropy, || entropy(generator, lower, inputs, 0)),
        );
        times.entropy += in_entropy;
        energy_done?;

        let mut ready = Some((first, batch));
        let mut generator_side = GeneratorSide {
            config,
            ranks,
            energy: &*players.energy,
            generator: &mut *players.generator,
            lower: &mut *players.lower,
            generator_optimizer: &mut **generator_optimizer,
            lower_optimizer: &mut **lower_optimizer,
            times,
        };
        for k in 0..config.generator.steps {
            let (term, batch) = match ready.take() {
                Some(ready) => ready,
                None => {
                    let (generator, lower) = (&*generator_side.generator, &mut *generator_side.lower);
                    let PhaseTimes { sampling, entropy: in_entropy, .. } = &mut *generator_side.times;
                    let batch = timed(sampling, || draw(generator, k));
                    let term = timed(in_entropy, || entropy(generator, lower, &batch.inputs, k));
                    (term, batch)
                }
            };
            let started = Instant::now();
            generator_side.step(batch, term, done, report)?;
            generator_side.times.generator_step += started.elapsed();
        }
        report.target = Some(target);
        Ok(())
    }
}
