use ebm_core::geometry::Geometry;
use ebm_train::metric::{self, rank, stand_ins, watched};
use ebm_train::{Cancel, Evaluation, Flow, Observer, ObserverError, TrainError, Trainer};
use std::time::{Duration, Instant};
use std::{cell::RefCell, rc::Rc};

use crate::run_directory::{Checkpoints, Manifest, MetricsFile, RunDirectoryError, Watched};
use crate::{config::CheckpointConfig, output::warn, signals::Signals};

/// Saves the state of a run: by time, by iterations, when a metric improves, and when somebody asks.
pub struct Saving {
    checkpoints: Checkpoints,
    config: CheckpointConfig,
    /// What every checkpoint records; its seconds are those before this process.
    manifest: Manifest,
    metrics: Rc<RefCell<MetricsFile>>,
    signals: Signals,
    started: Instant,
    last: Instant,
    saved: Option<u64>,
    /// The place of the best value's metric among those that are watched under the name, and the value.
    best: Option<(usize, f64)>,
    improved: Option<Watched>,
    /// Whether to save this iteration, because it is time or somebody asked, and whether to stop after it.
    wanted: (bool, bool),
}

impl Saving {
    /// Saves to `checkpoints`, with what `manifest` says of the run and the seconds of training before this process. `resumed`: the
    /// step of the checkpoint that the run continues from.
    pub fn new(
        checkpoints: Checkpoints,
        config: CheckpointConfig,
        manifest: Manifest,
        metrics: Rc<RefCell<MetricsFile>>,
        signals: Signals,
        resumed: Option<u64>,
    ) -> Self {
        let best = checkpoints.best().and_then(|(_, Watched { metric, value })| {
            let place = stand_ins(&config.best).position(|name| name == metric)?;
            Some((place, value))
        });
        let now = Instant::now();
        Self {
            checkpoints,
            config,
            manifest,
            metrics,
            signals,
            started: now,
            last: now,
            saved: resumed,
            best,
            improved: None,
            wanted: (false, false),
        }
    }

    /// Seconds of training so far, those before a resume included.
    pub fn seconds(&self) -> f64 {
        self.manifest.seconds + self.started.elapsed().as_secs_f64()
    }

    /// The request to stop, to end evaluations by.
    pub fn cancel(&self) -> Cancel {
        self.signals.cancel()
    }

    /// Saves the state of a run that is left, unless it is saved already.
    pub fn leave<G: Geometry>(&mut self, trainer: &mut Trainer<G>) -> Result<(), ObserverError> {
        if self.saved == Some(trainer.step()) { Ok(()) } else { self.save(trainer) }
    }

    /// Saves the state at the end of a run, unless it is saved already or checkpoints are off.
    pub fn end<G: Geometry>(&mut self, trainer: &mut Trainer<G>) -> Result<(), ObserverError> {
        if self.config.is_on() { self.leave(trainer) } else { Ok(()) }
    }

    /// Checks that the run's directory is still there.
    pub fn check_place(&self) -> Result<(), RunDirectoryError> {
        self.metrics.borrow().check_place()
    }

    fn save<G: Geometry>(&mut self, trainer: &mut Trainer<G>) -> Result<(), ObserverError> {
        self.check_place()?;
        let begun = Instant::now();
        let state = match trainer.state() {
            Ok(state) => state,
            // The next iteration meets the same, and decides what to do about it.
            Err(error @ TrainError::NonFinite { .. }) => {
                tracing::warn!(%error, "not saved: only models that give finite terms are");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let manifest = Manifest {
            metrics: self.metrics.borrow_mut().settle()?,
            seconds: self.seconds(),
            watched: self.improved.take(),
            ..self.manifest.clone()
        };
        let saved = self.checkpoints.save(&state, manifest)?;
        self.saved = Some(saved.step);
        prune(&self.checkpoints, self.config.keep, saved.step);
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        tracing::info!(step = saved.step, milliseconds, "saved");
        Ok(())
    }
}

/// Removes old checkpoints after that of step `saved`, and warns of those that cannot be removed.
pub fn prune(checkpoints: &Checkpoints, keep: usize, saved: u64) {
    for error in checkpoints.prune(keep, saved) {
        tracing::warn!(%error, step = saved, "an old checkpoint stays");
        warn(format_args!("step {saved}: saved, and an old checkpoint stays: {error}"));
    }
}

impl<G: Geometry> Observer<G> for Saving {
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        let metric = &self.config.best;
        if metric.is_empty() {
            return Ok(Flow::Continue);
        }
        let Some(metric::Watched { place, metric: name, found }) = watched(metric, evaluation) else {
            // An energy that cannot be normalised, for instance, has no likelihood yet.
            let step = trainer.step();
            tracing::info!(step, metric, "this evaluation does not have the watched metric");
            return Ok(Flow::Continue);
        };
        let value = found.value;
        let better = |(best_place, best)| rank(metric, place, value) < rank(metric, best_place, best);
        if value.is_finite() && self.best.is_none_or(better) {
            if self.best.is_none_or(|(best_place, _)| best_place != place) && place > 0 {
                tracing::info!(step = trainer.step(), metric, name, "another metric stands in for the watched one");
            }
            self.best = Some((place, value));
            self.improved = Some(Watched { metric: name.into(), value });
        }
        Ok(Flow::Continue)
    }

    fn saves(&mut self, step: u64) -> bool {
        let (asked, stop) = (self.signals.save(), self.signals.stop());
        let CheckpointConfig { seconds, every, .. } = self.config;
        let due = every > 0 && step.is_multiple_of(every)
            || seconds > 0.0 && self.last.elapsed() >= Duration::from_secs_f64(seconds.min(1e9));
        self.wanted = (due || asked, stop);
        due || asked || stop
    }

    fn on_iteration(&mut self, trainer: &mut Trainer<G>) -> Result<Flow, ObserverError> {
        let (save, stop) = std::mem::take(&mut self.wanted);
        // A stop asked for during an evaluation waits for the next iteration only where other processes must know it.
        let is_alone = self.manifest.processes == 1;
        if stop || is_alone && self.signals.stop() {
            self.save(trainer)?;
            return Ok(Flow::Interrupt);
        }
        if save || self.improved.is_some() {
            self.last = Instant::now();
            match self.save(trainer) {
                Ok(()) => {}
                Err(error) if matches!(error.downcast_ref(), Some(RunDirectoryError::Gone { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    // Training is worth more than one checkpoint; the next one may succeed.
                    tracing::error!(%error, step = trainer.step(), "not saved");
                    warn(format_args!("step {}: not saved, training goes on: {error}", trainer.step()));
                }
            }
        }
        Ok(Flow::Continue)
    }
}
