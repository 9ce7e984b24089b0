//! `ebm train`: trains a model, or continues to, and writes a run directory.

mod arguments;
mod begin;
mod end;
mod follow;

use ebm_core::data::Dataset;
use ebm_core::device::check_device;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Observer, StopReason, Trainer};
use std::sync::Arc;

use super::arguments::title_of;
use super::loaded_run::load_data;
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{EvaluationObserver, MetricsLog, SampleGrid};
use crate::output::say;
use crate::progress::Progress;
use crate::ranks::{Ranks, Task};
use crate::run_directory::layout;
pub use arguments::Train;
use begin::{Begin, Prepared};
use end::End;
use follow::{follow, shared_trainer};

/// Nothing is written, and no old run is replaced, before the configuration is known to be good, the data is read and
/// the models are built.
///
/// If a launcher started several processes, the first one reads and writes the run directory, and the others follow it.
pub fn run(arguments: &Train) -> Result<Exit, Failure> {
    let Some(ranks) = Ranks::join(arguments.without_nccl)? else {
        return Ok(Exit::Success);
    };
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
            load_data(&begin.resolved.config, &begin.marker.base)?;
            begin.keep_marker()?;
        }
        say(arguments.quiet, &format!("the run {ended}; for more, --set train.steps=N"))?;
        return ended.exit(run);
    }
    let (config, base) = (&begin.resolved.config, &begin.marker.base);
    Task::tell(ranks, Some((config, base, begin.state.as_ref())))?;
    let data = ranks.agree(load_data(config, base))?;
    with_geometry!(widths(config, data.width()), |geometry| train(ranks, begin, data, arguments.quiet, geometry))
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
        eprintln!("warning: {text}");
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
        ranks.agree(begin.prepare(&geometry, ranks.count()))?;
    ranks.sums.tell();
    tell_couplings(ranks, &mut trainer);
    let mut evaluation = EvaluationObserver::new(data.clone(), &config.evaluate, random);
    let mut log = MetricsLog::new(metrics, evaluation.latest());
    let mut progress = Progress::of(config.train.steps, resumed.unwrap_or(0), quiet, ranks.count() > 1);
    let folder = directory.path().join(layout::PICTURES);
    let mut grid = SampleGrid::of(&title, folder, &*data, random);
    let outcome = {
        // The observer that saves comes last: by then, the others have written everything about the iteration.
        let mut observers: Vec<&mut dyn Observer<G>> = vec![&mut evaluation, &mut log, &mut history];
        observers.extend(progress.as_mut().map(|progress| progress as &mut dyn Observer<G>));
        observers.extend(board.as_mut().map(|board| board as &mut dyn Observer<G>));
        observers.extend(grid.as_mut().map(|grid| grid as &mut dyn Observer<G>));
        observers.push(&mut saving);
        trainer.run(&mut observers)
    };
    drop(progress);
    if matches!(&outcome, Ok(outcome) if outcome.reason == StopReason::Interrupted) {
        let (step, run) = (trainer.step(), directory.path().display());
        tracing::info!(step, "interrupted");
        say(
            quiet,
            &format!("interrupted after step {step}; the state is saved; go on with: ebm train --resume {run}"),
        )?;
        return Ok(Exit::Interrupted);
    }
    let end = End { resolved: &resolved, title: &title, data: &*data, directory: &directory, quiet };
    end.finish(&mut trainer, outcome, &mut log, history, &mut saving)
}
