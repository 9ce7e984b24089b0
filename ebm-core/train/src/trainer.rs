use std::{collections::BTreeMap, sync::Arc};

use crate::cancel::Cancel;
use crate::config::{Objective, TrainConfig};
use crate::data_parallel::{Ranks, TransientStates};
use crate::error::TrainError;
use crate::players::{Optimizers, Players};
use crate::progress::{Mark, Progress};
use crate::snapshot::Snapshot;
use crate::weighing::{Weighing, no_weights};
use crate::{grid::Region, negatives::Negatives, negatives::Outside, non_finite::NonFinitePolicy};
use crate::{phase_times::PhaseTimes, process_group::ProcessGroup};
use ebm_core::models::{Energy, Generator};
use ebm_core::{data::Dataset, error::ConfigError, geometry::Geometry, parameter::State, random::Random};

/// Trains an energy and a generator between two bounds.
pub struct Trainer<G: Geometry> {
    pub(crate) config: TrainConfig,
    pub(crate) players: Players<G>,
    pub(crate) optimizers: Optimizers,
    /// The energy's negative samples beside the generator's, if there are any.
    pub(crate) negatives: Option<Negatives>,
    /// The region outside the data, where some of the weighted samples are.
    pub(crate) outside: Option<Outside>,
    pub(crate) data: Arc<dyn Dataset>,
    pub(crate) random: Random,
    /// This process among those that train together.
    pub(crate) ranks: Ranks,
    /// Transient states of the whole batch, and the iteration that they are of.
    pub(crate) transient: Option<(u64, TransientStates)>,
    pub(crate) progress: Progress,
    /// The state that training can go back to.
    pub(crate) mark: Option<Mark>,
    /// The last models seen to give finite terms.
    pub(crate) good: Snapshot,
    pub(crate) times: PhaseTimes,
    /// The box of exact maximum likelihood, if that is the objective.
    pub(crate) likelihood_box: Option<Region>,
    /// The request to end evaluations.
    pub(crate) cancel: Cancel,
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
            players.lower.accepts_batch(config.batch).map_err(|e| e.within("lower"))?;
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
            Objective::MaximumLikelihood => Some(Region::of_data(&*data, random)?),
        };
        let optimizers = players.optimizers(&config);
        let negatives = Negatives::new(&config.refine, config.batch, &*data, random);
        let outside = config.weighted.then(|| Outside::of(&*data, random));
        if let Some(outside) = &outside {
            // Two samples show whether the bound has weights. Where noise changes over the run, at the end, too.
            for step in [config.steps, 0] {
                players.at_step(step);
                Weighing::new(&*players.generator, &*players.lower, outside, 2, random, step).map_err(|error| {
                    match error {
                        TrainError::Bound(error) => {
                            ConfigError::new("train.weighted", true, format!("false ({error})"))
                        }
                        TrainError::Config(error) => error,
                        _ => no_weights(),
                    }
                })?;
            }
        }
        players.follow_average([0.0; 2], 0);
        let good = Snapshot::of(&players, 0);
        let mut trainer = Self {
            config,
            players,
            optimizers,
            negatives,
            outside,
            data,
            random,
            ranks: Ranks::default(),
            transient: None,
            progress: Progress::default(),
            mark: None,
            good,
            times: PhaseTimes::default(),
            likelihood_box,
            cancel: Cancel::default(),
        };
        if matches!(trainer.config.non_finite, NonFinitePolicy::Rollback(_)) && trainer.verify().is_ok() {
            trainer.mark = Some(trainer.marked(trainer.transient_states()));
        }
        Ok(trainer)
    }

    /// The same trainer as one of several processes that train together, each on its share of every batch.
    ///
    /// All are given the same configuration, data, models and seed, and all are run. `train.batch` is the batch of all. Where
    /// the terms are means over the samples, they train the same as one process does, to rounding; [`Trainer::couplings`] lists
    /// the terms that are not.
    ///
    /// # Errors
    /// If the batch or its refined share cannot be split evenly, or a share of it is too small for the lower bound.
    pub fn with_process_group(mut self, group: Arc<dyn ProcessGroup>) -> Result<Self, ConfigError> {
        let ranks = Ranks::new(group);
        let (share, batch) = (ranks.share(), self.config.batch);
        ConfigError::require(
            share.divides(batch),
            "train.batch",
            batch,
            &format!("a multiple of {}, the number of processes: each has as many samples", share.ranks()),
        )?;
        let refine = &self.config.refine;
        ConfigError::require(
            share.divides(refine.chains(batch)),
            "train.refine.share",
            refine.share,
            &format!(
                "a share of train.batch = {batch} that is a multiple of {} samples, the number of processes",
                share.ranks()
            ),
        )?;
        if !share.is_all() && self.config.objective == Objective::Bidirectional {
            let accepted = self.players.lower.accepts_batch(share.of(batch));
            accepted.map_err(|mut error| {
                error.expected =
                    format!("{}; each of {} processes has a share of the batch", error.expected, share.ranks());
                error.within("lower")
            })?;
        }
        self.ranks = ranks;
        Ok(self)
    }

    /// The same trainer with `step` iterations counted as done: for the evaluation of weights from a file.
    pub fn at_step(mut self, step: u64) -> Self {
        self.set_step(step);
        self
    }

    /// Lets a request end evaluations before they are done: [`Trainer::bounds_on`] errs then, and [`Trainer::run`] leaves after
    /// the iteration with [`StopReason::Interrupted`](crate::StopReason::Interrupted), and begins with its evaluation when it goes
    /// on. Not for several processes that train together, all of which must decide alike.
    pub fn set_cancel(&mut self, cancel: Cancel) {
        self.cancel = cancel;
    }

    /// The request to end evaluations, for those of observers.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Counts `step` iterations as done: what changes over the run is as it is then.
    pub(crate) fn set_step(&mut self, step: u64) {
        self.progress.step = step;
        self.players.at_step(step);
    }

    /// Iterations done.
    pub fn step(&self) -> u64 {
        self.progress.step
    }

    /// The options.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The wall time by phase of the iterations that this trainer did.
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
        self.players.generator_average.as_deref().unwrap_or(&*self.players.generator)
    }

    /// The arrays of everything that takes part, by name, to be saved.
    pub fn states(&self) -> BTreeMap<&'static str, State> {
        self.players.modules().map(|(name, module)| (name, module.state())).collect()
    }

    /// The source of the random numbers of this rank's share in training: another one each time that training went
    /// back, so that it does not repeat what it went back for.
    pub(crate) fn draws(&self) -> Random {
        let random = match self.progress.rollbacks {
            0 => self.random,
            times => self.random.stream("rollback").stream(&times.to_string()),
        };
        random.share(self.ranks.share())
    }
}
