//! `ebm train`: trains a model, or continues to, and writes a run directory.

mod begin;
mod end;

use clap::Args;
use ebm_core::registry::SupportedGeometry;
use ebm_core::{data::Dataset, device::check_device, error::ConfigError, geometry::Geometry, random::Random};
use ebm_train::{Observer, StopReason, Trainer, TrainingState};
use std::{path::PathBuf, sync::Arc};

use super::fresh_trainer::{Purpose, fresh_trainer};
use super::loaded_run::{describe, load_data};
use super::{arguments::title_of, data_warnings::data_warnings};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{EvaluationObserver, MetricsLog, SampleGrid, Trouble};
use crate::output::{say, warn};
use crate::ranks::{Ranks, Task};
use crate::run_directory::{Description, MetricsReader, RunDirectory, layout};
use crate::{config::Resolved, progress::Progress, signals::Signals};
use begin::{Begin, Prepared};
use end::End;

#[derive(Args, Debug)]
#[command(after_help = "\
Values come from, in this order: --set, the environment (EBM_TRAIN__STEPS=100 sets train.steps), the file, the defaults.

Examples:
  ebm train run.toml
  ebm train run.toml --set seed=1 --set train.energy.optimizer.learning_rate=1e-4
  ebm train run.toml --set upper=none --run runs/one-sided
  ebm train run.toml --overwrite --quiet
  ebm train stacked-mnist.toml --data ~/data               data.path mnist is then ~/data/mnist
  ebm train --resume runs/run-seed0                        continue after an interruption
  ebm train --resume runs/run-seed0 --set train.steps=50000  train for longer
  ebm train run.toml --resume runs/a                       start or continue: for job scripts

On SIGINT (Ctrl-C) or SIGTERM the current step is finished, the state is saved, and the exit code is 130; an evaluation is
left, and made anew when the run goes on. A second signal ends the program at once. SIGUSR1 saves and continues.")]
pub struct Train {
    /// Configuration file (TOML) [default with --resume: the run's own]
    #[arg(required_unless_present = "resume")]
    pub config: Option<PathBuf>,
    /// Override a value of the file and the environment; may be repeated
    ///
    /// KEY is the full dotted key (train.steps). VALUE is TOML, or plain text (upper=none).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Run directory [default: runs/<name of the configuration>-seed<seed>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub run: Option<PathBuf>,
    /// Continue the run in this directory from its last checkpoint
    ///
    /// The result is the same, byte for byte, as if the run had never been interrupted. If a configuration is given, too, a run
    /// that does not exist yet is started.
    #[arg(long, value_name = "RUN", conflicts_with = "overwrite")]
    pub resume: Option<PathBuf>,
    /// Folder that relative data paths start from [default: that of the configuration file; with --resume, the run's]
    ///
    /// With --resume, the run remembers the folder for all other commands.
    #[arg(long, value_name = "DIR", visible_alias = "base")]
    pub data: Option<PathBuf>,
    /// Replace an existing run
    #[arg(long)]
    pub overwrite: bool,
    /// Sum the gradients of several processes by MPI even where NCCL could
    #[cfg_attr(feature = "nccl", arg(long))]
    #[cfg_attr(not(feature = "nccl"), arg(skip))]
    pub without_nccl: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Nothing is written, and no old run is replaced, before the configuration is known to be good, the data is read and
/// the models are built.
///
/// If a launcher started several processes, the first one reads and writes the run directory, and the others follow it.
pub fn run(arguments: &Train) -> Result<Exit, Failure> {
    let Some(ranks) = Ranks::join(arguments.without_nccl)? else { return Ok(Exit::Success) };
    let ready = ranks.agree(check_device().or_exit(Exit::Other));
    let done = ready.and_then(|()| match ranks.is_first() {
        true => lead(arguments, &ranks),
        false => follow(&ranks),
    });
    ranks.end(done)
}

fn lead(arguments: &Train, ranks: &Ranks) -> Result<Exit, Failure> {
    let begin = ranks.agree(Begin::of(arguments, ranks.count()))?;
    if let (Some(ended), Some(run)) = (&begin.ended, &arguments.resume) {
        Task::tell(ranks, None)?;
        if arguments.data.is_some() {
            // Nothing is left to train, but the other commands are to find the data where they are now.
            checked_data(&begin)?;
            begin.keep_marker()?;
        }
        say(arguments.quiet, &format!("the run {ended}; for more, --set train.steps=N"))?;
        return ended.exit(run);
    }
    let (config, base) = (&begin.resolved.config, &begin.marker.base);
    Task::tell(ranks, Some((config, base, begin.state.as_ref())))?;
    let data = ranks.agree(checked_data(&begin))?;
    with_geometry!(widths(config, data.width()), |geometry| train(ranks, begin, data, arguments.quiet, geometry))
}

/// Loads the data, and refuses other data than those that the run was trained on so far.
fn checked_data(begin: &Begin) -> Result<Arc<dyn Dataset>, Failure> {
    let config = &begin.resolved.config;
    let data = load_data(config, &begin.marker.base)?;
    begin.check_data(&Description::of(&*data))?;
    Ok(data)
}

/// Warns of the terms that several processes do not train as one would.
fn tell_couplings<G: Geometry>(ranks: &Ranks, trainer: &mut Trainer<G>) {
    // A bound that does not fit the models is an error of the first iteration, on all processes alike.
    let couplings = trainer.couplings().unwrap_or_default();
    if !couplings.is_empty() {
        let (processes, batch) = (ranks.count(), trainer.config().batch);
        let text = format!(
            "{processes} processes of {} samples each do not train quite what one process of {batch} does: {}",
            batch / processes,
            couplings.join("; ")
        );
        tracing::warn!("{text}");
        warn(text);
    }
}

fn train<G: SupportedGeometry>(
    ranks: &Ranks,
    mut begin: Begin,
    data: Arc<dyn Dataset>,
    quiet: bool,
    geometry: G,
) -> Result<Exit, Failure> {
    let resolved = begin.resolved.clone();
    let config = &resolved.config;
    let random = Random::new(config.seed);
    let mut trainer = shared_trainer(ranks, &resolved, data.clone(), geometry, begin.state.take())?;

    let title = title_of(&begin.marker.config);
    let Prepared { directory, metrics, mut history, mut saving, mut board, resumed } =
        ranks.agree(begin.prepare(&describe(config, &*data), &geometry, ranks.count()))?;
    ranks.sums.tell();
    tell_couplings(ranks, &mut trainer);
    if resumed.is_none() {
        for warning in data_warnings(config, &*data) {
            tracing::warn!("{warning}");
            warn(warning);
        }
    }
    // Several processes must decide alike, which they do at the end of an iteration only.
    if ranks.count() == 1 {
        trainer.set_cancel(saving.cancel());
    }
    let mut evaluation = EvaluationObserver::new(data.clone(), &config.evaluate, random);
    let mut log = MetricsLog::new(metrics, evaluation.latest());
    let before = MetricsReader::open(directory.path()).into_iter().flatten().map_while(Result::ok);
    let mut trouble =
        Trouble::new(data.width(), config.train.lambda.values().iter().any(|lambda| *lambda > 0.0)).after(before);
    let progress = Progress::of(config.train.steps, resumed.unwrap_or(0), quiet, ranks.count() > 1);
    let mut progress = progress.map(|progress| progress.with_notices(trouble.notices()));
    let folder = directory.path().join(layout::PICTURES);
    let mut grid = SampleGrid::of(&title, folder, &*data, random);
    let outcome = {
        // The observer that saves comes last: by then, the others have written everything about the iteration.
        let mut observers: Vec<&mut dyn Observer<G>> = vec![&mut evaluation, &mut log, &mut history, &mut trouble];
        observers.extend(progress.as_mut().map(|progress| progress as &mut dyn Observer<G>));
        observers.extend(board.as_mut().map(|board| board as &mut dyn Observer<G>));
        observers.extend(grid.as_mut().map(|grid| grid as &mut dyn Observer<G>));
        observers.push(&mut saving);
        trainer.run(&mut observers)
    };
    drop(progress);
    if matches!(&outcome, Ok(outcome) if outcome.reason == StopReason::Interrupted) {
        return interrupted(trainer.step(), &directory, quiet);
    }
    // The end is the first process's own.
    trainer.set_cancel(saving.cancel());
    let warnings = trouble.warnings();
    let end = End { resolved: &resolved, title: &title, data: &*data, directory: &directory, warnings, quiet };
    end.finish(&mut trainer, outcome, &mut log, history, &mut saving)
}

/// Says how to go on with a run that is left after `step` steps.
fn interrupted(step: u64, directory: &RunDirectory, quiet: bool) -> Result<Exit, Failure> {
    let run = directory.path().display();
    tracing::info!(step, "interrupted");
    say(quiet, &format!("interrupted after step {step}; the state is saved; go on with: ebm train --resume {run}"))?;
    Ok(Exit::Interrupted)
}

/// Trains as directed by the first process, which writes the run directory, and reports the failure that ends all.
fn follow(ranks: &Ranks) -> Result<Exit, Failure> {
    ranks.agree(Ok(()))?;
    let read = |task: Task| Ok((load_data(&task.resolved.config, &task.base)?, task));
    let heard = Task::hear(ranks).and_then(|task| task.map(read).transpose());
    if let Ok(None) = heard {
        return Ok(Exit::Success);
    }
    let Some((data, task)) = ranks.agree(heard)? else { return Ok(Exit::Success) };
    with_geometry!(widths(&task.resolved.config, data.width()), |geometry| {
        let mut trainer = shared_trainer(ranks, &task.resolved, data, geometry, task.state)?;
        // A launcher hands signals to all; the first process decides what to do.
        ranks.agree(Signals::listen().or_exit(Exit::Other))?;
        trainer.run(&mut []).or_exit(Exit::Other)?;
        Ok(Exit::Success)
    })
}

/// Builds this process's trainer, at its first step or in the given state.
fn shared_trainer<G: SupportedGeometry>(
    ranks: &Ranks,
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
    state: Option<TrainingState>,
) -> Result<Trainer<G>, Failure> {
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit(error));
    let made = fresh_trainer(resolved, data, geometry, Purpose::Training { processes: ranks.count() })
        .and_then(|trainer| trainer.with_process_group(ranks.group.clone()).map_err(misfit))
        .and_then(|mut trainer| match state {
            None => Ok(trainer),
            Some(state) => trainer.resume(state).or_exit(Exit::RunDirectory).map(|()| trainer),
        });
    ranks.agree(made)
}
