//! The training loop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::check::Check;
use super::energy_step::EnergySide;
use super::generator_step::{Drawn, EntropyTerm, GeneratorSide, Given};
use super::phase_times::timed;
use super::snapshot::Snapshot;
use super::state::Mark;
use super::team::{Decision, Memories, Team};
use super::{
    Evaluation, Flow, NonFinitePolicy, Objective, Observer, ObserverError, Outcome, PhaseTimes, Players, Progress,
    StepReport, StopReason, TrainConfig, TrainError,
};
use crate::collective::Collective;
use crate::optim::{Adam, average};
use ebm_core::bounds::{LowerBound, Target};
use ebm_core::data::Dataset;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::parallel;
use ebm_core::models::{Energy, Generator};
use ebm_core::parameter::State;
use ebm_core::random::Random;

/// Trains an energy and a generator between two bounds.
pub struct Trainer<G: Geometry> {
    pub(super) config: TrainConfig,
    pub(super) players: Players<G>,
    pub(super) optimizers: Optimizers,
    pub(super) data: Arc<dyn Dataset>,
    pub(super) random: Random,
    /// The processes that train together, this one among them.
    pub(super) team: Team,
    /// What modules remember, of the whole batch, and after which iteration.
    pub(super) memories: Option<(u64, Memories)>,
    pub(super) progress: Progress,
    /// What training can go back to.
    pub(super) mark: Option<Mark>,
    /// The last models seen to give finite terms.
    pub(super) good: Snapshot,
    /// Where the time went.
    pub(super) times: PhaseTimes,
    /// Half-width of the box of exact maximum likelihood.
    pub(super) likelihood_box: Option<crate::grid::Region>,
}

pub(super) struct Optimizers {
    pub energy: Adam,
    pub upper: Adam,
    pub generator: Adam,
    pub lower: Adam,
}

impl Optimizers {
    pub fn new<G: Geometry>(config: &TrainConfig, players: &Players<G>) -> Self {
        let (energy, generator) = (&config.energy.optimizer, &config.generator.optimizer);
        let upper = players.upper.optimizer().unwrap_or(energy);
        let lower = players.lower.optimizer().unwrap_or(generator);
        Self {
            energy: Adam::new(energy.clone(), &*players.energy),
            upper: Adam::new(upper.clone(), &*players.upper),
            generator: Adam::new(generator.clone(), &*players.generator),
            lower: Adam::new(lower.clone(), &*players.lower),
        }
    }

    fn all(&mut self) -> [&mut Adam; 4] {
        [&mut self.energy, &mut self.upper, &mut self.generator, &mut self.lower]
    }

    /// Marks the moments, for [`Optimizers::undo`].
    pub fn mark(&mut self) {
        self.all().into_iter().for_each(Adam::mark);
    }

    /// Takes back every update since the mark.
    pub fn undo(&mut self) {
        self.all().into_iter().for_each(Adam::undo);
    }
}

impl<G: Geometry> Trainer<G> {
    /// A trainer at step 0. All draws it makes are functions of `random` and the step.
    ///
    /// # Errors
    /// If an option cannot be used, or the data has another width than the models.
    pub fn new(
        config: TrainConfig,
        mut players: Players<G>,
        data: Arc<dyn Dataset>,
        random: Random,
    ) -> Result<Self, ConfigError> {
        config.check().map_err(|e| e.within("train"))?;
        if config.objective == Objective::Bidirectional {
            let accepted = players.lower.accepts_batch(config.batch);
            accepted.map_err(|e| e.within("lower"))?;
        }
        let geometry = players.energy.geometry();
        ConfigError::require(
            data.width() == geometry.data_width(),
            "data",
            format!("{} dimensions", data.width()),
            &format!("{} dimensions, as the models have", geometry.data_width()),
        )?;
        let likelihood_box = match config.objective {
            Objective::Bidirectional => None,
            Objective::MaximumLikelihood => Some(super::likelihood::region(&*data, random)?),
        };
        let optimizers = Optimizers::new(&config, &players);
        if let Some(copy) = &mut players.energy_average {
            average(&mut **copy, &*players.energy, 0.0, 0);
        }
        if let Some(copy) = &mut players.generator_average {
            average(&mut **copy, &*players.generator, 0.0, 0);
        }
        let good = Snapshot::of(&players, 0);
        let mut trainer = Self {
            config,
            players,
            optimizers,
            data,
            random,
            team: Team::default(),
            memories: None,
            progress: Progress::default(),
            mark: None,
            good,
            times: PhaseTimes::default(),
            likelihood_box,
        };
        if trainer.marks() && trainer.verify().is_ok() {
            trainer.mark = Some(trainer.marked(trainer.memories()));
        }
        Ok(trainer)
    }

    /// The same trainer as one of several processes that train together, each on its share of every batch.
    ///
    /// All are given the same configuration, data, models and seed, and all are run. `train.batch` is the batch of all. Where
    /// the terms are means over the samples, they train what one process does, to rounding; [`Trainer::couplings`] says what is
    /// not.
    ///
    /// # Errors
    /// If the batch cannot be split evenly, or a share of it is too small for the lower bound.
    pub fn with_collective(mut self, collective: Arc<dyn Collective>) -> Result<Self, ConfigError> {
        let team = Team::new(collective);
        let (share, batch) = (team.share(), self.config.batch);
        ConfigError::require(
            share.divides(batch),
            "train.batch",
            batch,
            &format!(
                "a multiple of {}, the number of processes: each has as many samples",
                share.ranks()
            ),
        )?;
        if !share.is_all() && self.config.objective == Objective::Bidirectional {
            let accepted = self.players.lower.accepts_batch(share.of(batch));
            accepted.map_err(|mut error| {
                error.expected = format!(
                    "{}; each of {} processes has a share of the batch",
                    error.expected,
                    share.ranks()
                );
                error.within("lower")
            })?;
        }
        self.team = team;
        Ok(self)
    }

    /// What several processes do not train as one does: what is computed from each one's share of a batch, and is no mean over
    /// its samples. Nothing for a process alone.
    pub fn couplings(&self) -> Vec<String> {
        let share = self.team.share();
        if share.is_all() || self.config.objective != Objective::Bidirectional {
            return Vec::new();
        }
        let samples = share.of(self.config.batch);
        let (generator, lower, upper) = (&self.players.generator, &self.players.lower, &self.players.upper);
        let coupled = generator.facts().couples_batch;
        let normalised = coupled.then_some("its batch-norm takes the statistics of each process's samples");
        let found = [
            ("generator", normalised),
            ("lower", lower.coupling(samples)),
            ("upper", upper.coupling(samples)),
        ];
        let told = found.into_iter().filter_map(|(part, reason)| Some((part, reason?)));
        told.map(|(part, reason)| format!("{part}: {reason}")).collect()
    }

    /// The same trainer with `step` iterations counted as done: for the evaluation of weights from a file.
    pub fn at_step(mut self, step: u64) -> Self {
        self.progress.step = step;
        self
    }

    /// Iterations done.
    pub fn step(&self) -> u64 {
        self.progress.step
    }

    /// The options.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// Where the time of the iterations went, of those that this trainer did.
    pub fn phase_times(&self) -> PhaseTimes {
        self.times
    }

    /// The data.
    pub fn data(&self) -> &dyn Dataset {
        &*self.data
    }

    /// The energy to evaluate: the average of the weights where one is kept.
    pub fn energy(&self) -> &dyn Energy<G> {
        self.players.energy_average.as_deref().unwrap_or(&*self.players.energy)
    }

    /// The generator to evaluate: the average of the weights where one is kept.
    pub fn generator(&self) -> &dyn Generator<G> {
        self.players
            .generator_average
            .as_deref()
            .unwrap_or(&*self.players.generator)
    }

    /// The arrays of everything that takes part, by name: what to save.
    pub fn states(&self) -> BTreeMap<&'static str, State> {
        let p = &self.players;
        let mut states = BTreeMap::from([
            ("energy", p.energy.state()),
            ("generator", p.generator.state()),
            ("lower", p.lower.state()),
            ("upper", p.upper.state()),
        ]);
        states.extend(p.energy_average.as_ref().map(|m| ("energy-average", m.state())));
        states.extend(p.generator_average.as_ref().map(|m| ("generator-average", m.state())));
        states
    }

    /// Trains until the last step, a stop condition or an error.
    ///
    /// # Errors
    /// If a term is not finite and the configuration says to stop then (the models are then the last ones that all terms
    /// were finite for), a bound does not fit, or an observer fails. Where several processes train, each of them gets the error
    /// that one of them met.
    pub fn run(&mut self, observers: &mut [&mut dyn Observer<G>]) -> Result<Outcome, TrainError> {
        let started = Instant::now();
        let team = self.team.clone();
        while self.progress.step < self.config.steps {
            let next = self.progress.step + 1;
            let last = next == self.config.steps;
            let due = |every: u64| every > 0 && next.is_multiple_of(every) || last;
            let reported = due(self.config.log_every) || next == 1;
            let report = self.advance(reported)?;
            // Where training went back, this step is yet to be done.
            let done = self.progress.step == next;
            let seen = self.show(observers, &report, done.then_some(next), reported);
            let decision = team.decide(seen.map(|flow| {
                Decision {
                    flow,
                    // By the clock of one, or else they may not agree.
                    out_of_time: team.share().rank() == 0 && self.is_out_of_time(started),
                    saves: observers
                        .iter_mut()
                        .fold(false, |saves, o| o.saves(self.progress.step) | saves),
                }
            }))?;
            let (mut flow, out_of_time) = (decision.flow, decision.out_of_time);
            let ends = out_of_time || matches!(flow, Flow::Stop(_));
            let evaluates = done && due(self.config.evaluate_every) || ends;
            let mut stale = None;
            if evaluates {
                let verified = self.verify();
                team.agree(verified).map_err(|error| self.undo(error, None))?;
                let evaluation = team.evaluation(self.evaluate(observers))?;
                let seen = merged(observers, |observer| observer.on_evaluation(self, &evaluation));
                flow.merge(team.decide(seen.map(Decision::from))?.flow);
                stale = self.progress.best.watch(&self.config.stop, &evaluation, next)?;
            }
            if evaluates || decision.saves {
                self.put_memories_together()?;
            }
            let seen = merged(observers, |observer| observer.on_iteration(self));
            flow.merge(team.decide(seen.map(Decision::from))?.flow);
            let reason = match (flow, stale) {
                (Flow::Interrupt, _) => StopReason::Interrupted,
                (Flow::Stop(reason), _) => StopReason::Requested(reason),
                _ if last && done => StopReason::Completed,
                _ if out_of_time => StopReason::TimeLimit,
                (_, Some(stale)) => stale,
                _ => continue,
            };
            return Ok(self.outcome(reason));
        }
        Ok(self.outcome(StopReason::Completed))
    }

    /// Has the observers look at an iteration; `done`: its number, unless it is yet to be done.
    fn show(
        &self,
        observers: &mut [&mut dyn Observer<G>],
        report: &StepReport,
        done: Option<u64>,
        reported: bool,
    ) -> Result<Flow, TrainError> {
        let mut flow = Flow::Continue;
        if let Some(fault) = &report.fault {
            flow.merge(merged(observers, |observer| observer.on_fault(fault))?);
        }
        let Some(step) = done else {
            return Ok(flow);
        };
        for observer in observers.iter_mut() {
            flow.merge(observer.on_step(step).map_err(TrainError::Observer)?);
            if reported && report.fault.is_none() {
                flow.merge(observer.on_report(self, report).map_err(TrainError::Observer)?);
            }
        }
        Ok(flow)
    }

    fn is_out_of_time(&self, started: Instant) -> bool {
        let seconds = self.config.stop.seconds;
        seconds > 0.0 && started.elapsed().as_secs_f64() > seconds
    }

    fn outcome(&self, reason: StopReason) -> Outcome {
        Outcome {
            steps: self.progress.step,
            reason,
        }
    }

    fn evaluate(&mut self, observers: &mut [&mut dyn Observer<G>]) -> Result<Evaluation, TrainError> {
        let mut evaluation = Evaluation::new();
        for observer in observers.iter_mut() {
            evaluation.extend(observer.evaluate(self).map_err(TrainError::Observer)?);
        }
        Ok(evaluation)
    }

    /// One iteration. `full`: also compute what is only reported.
    ///
    /// The models after it are proved good by the next one. Where a term was not finite and the configuration says to go on,
    /// the report has the [`fault`](StepReport::fault) and no figures. Where several processes train, all call this alike, and
    /// only a full report is of the whole batch.
    ///
    /// # Errors
    /// As [`Trainer::run`], but for observers.
    pub fn advance(&mut self, full: bool) -> Result<StepReport, TrainError> {
        let mut report = StepReport {
            step: self.progress.step + 1,
            energy_learning_rate: self.rate(&self.config.energy),
            generator_learning_rate: self.rate(&self.config.generator),
            ..Default::default()
        };
        let before = Snapshot::of(&self.players, self.progress.step);
        self.optimizers.mark();
        let started = Instant::now();
        let done = self.iterate(full, &mut report);
        self.times.iteration += started.elapsed();
        self.times.iterations += 1;
        match done {
            Ok(()) => {
                self.good = before;
                self.progress.skipped = 0;
                if self.marks() && self.is_at_mark() {
                    self.set_mark()?;
                }
                Ok(report)
            }
            Err(error) => Ok(StepReport {
                step: report.step,
                fault: Some(self.recover(error, before)?),
                ..Default::default()
            }),
        }
    }

    /// Whether states to go back to are kept.
    fn marks(&self) -> bool {
        matches!(self.config.non_finite, NonFinitePolicy::Rollback(_))
    }

    fn is_at_mark(&self) -> bool {
        match self.config.non_finite {
            NonFinitePolicy::Rollback(rollback) => self.progress.step.is_multiple_of(rollback.every),
            _ => false,
        }
    }

    fn iterate(&mut self, full: bool, report: &mut StepReport) -> Result<(), TrainError> {
        match self.config.objective {
            Objective::MaximumLikelihood => self.likelihood_step(report)?,
            Objective::Bidirectional => self.minimax(full, report)?,
        }
        if full {
            self.team.pool(report, &self.players)?;
        }
        report.combine();
        self.progress.step += 1;
        let (energy, generator) = (self.config.energy.average, self.config.generator.average);
        if let Some(copy) = &mut self.players.energy_average {
            average(&mut **copy, &*self.players.energy, energy, self.progress.step);
        }
        if let Some(copy) = &mut self.players.generator_average {
            average(&mut **copy, &*self.players.generator, generator, self.progress.step);
        }
        Ok(())
    }

    /// The steps of both players.
    fn minimax(&mut self, full: bool, report: &mut StepReport) -> Result<(), TrainError> {
        let (done, random) = (self.progress.step, self.draws());
        let (config, team) = (&self.config, &self.team);
        let (optimizers, players) = (&mut self.optimizers, &mut self.players);
        let times = &mut self.times;
        let target = players.upper.target();
        let check = Check { step: report.step };
        let place = |player: &super::PlayerConfig, stream: &str, k: usize| {
            random.stream(stream).at(done * player.steps as u64 + k as u64)
        };
        let draw = |generator: &dyn Generator<G>, k| {
            Drawn::new(generator, config.batch, place(&config.generator, "generator-step", k))
        };
        let entropy = |generator: &dyn Generator<G>, lower: &mut dyn LowerBound<G>, given: Given<'_, G>, k| {
            let random = place(&config.generator, "generator-step", k);
            let ceiling = full && target == Target::Divergence;
            EntropyTerm::new(generator, lower, given, random, check, ceiling)
        };

        // The entropy of the generator's first step does not wait for the energy's steps: they leave the generator alone.
        let (generator, lower) = (&*players.generator, &mut *players.lower);
        let drawn = timed(&mut times.sampling, || draw(generator, 0));
        let given = drawn.given();
        let mut energy_side = EnergySide {
            config,
            team,
            data: &*self.data,
            generator,
            energy: &mut *players.energy,
            upper: &mut *players.upper,
            energy_optimizer: &mut optimizers.energy,
            upper_optimizer: &mut optimizers.upper,
            times,
        };
        let mut in_entropy = Duration::ZERO;
        let (energy_done, first) = parallel::both(
            || {
                let started = Instant::now();
                let done = (0..config.energy.steps)
                    .try_for_each(|k| energy_side.step(done, place(&config.energy, "energy-step", k), report));
                energy_side.times.energy_step += started.elapsed();
                done
            },
            || timed(&mut in_entropy, || entropy(generator, lower, given, 0)),
        );
        times.entropy += in_entropy;
        energy_done?;

        let mut ready = Some((first, drawn));
        let mut generator_side = GeneratorSide {
            config,
            team,
            energy: &*players.energy,
            generator: &mut *players.generator,
            lower: &mut *players.lower,
            generator_optimizer: &mut optimizers.generator,
            lower_optimizer: &mut optimizers.lower,
            times,
        };
        for k in 0..config.generator.steps {
            let (term, drawn) = match ready.take() {
                Some(ready) => ready,
                None => {
                    let (generator, lower) = (&*generator_side.generator, &mut *generator_side.lower);
                    let PhaseTimes {
                        sampling,
                        entropy: in_entropy,
                        ..
                    } = &mut *generator_side.times;
                    let drawn = timed(sampling, || draw(generator, k));
                    let term = timed(in_entropy, || entropy(generator, lower, drawn.given(), k));
                    (term, drawn)
                }
            };
            let started = Instant::now();
            generator_side.step(drawn, term, done, report)?;
            generator_side.times.generator_step += started.elapsed();
        }
        report.target = Some(target);
        Ok(())
    }

    /// Where the random numbers of this rank's share come from in training: from elsewhere each time that training went back, so that it does not
    /// repeat what it went back for.
    pub(super) fn draws(&self) -> Random {
        let random = match self.progress.rollbacks {
            0 => self.random,
            times => self.random.stream("rollback").stream(&times.to_string()),
        };
        random.share(self.team.share())
    }

    fn rate(&self, player: &super::PlayerConfig) -> f64 {
        player.optimizer.learning_rate * player.schedule.factor(self.progress.step, self.config.steps)
    }
}

/// What all observers ask for.
fn merged<G: Geometry>(
    observers: &mut [&mut dyn Observer<G>],
    mut ask: impl FnMut(&mut dyn Observer<G>) -> Result<Flow, ObserverError>,
) -> Result<Flow, TrainError> {
    let mut flow = Flow::Continue;
    for observer in observers.iter_mut() {
        flow.merge(ask(&mut **observer).map_err(TrainError::Observer)?);
    }
    Ok(flow)
}
