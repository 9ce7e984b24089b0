//! Training under the direction of the first process, which writes the run directory.

use ebm_core::data::Dataset;
use ebm_core::error::ConfigError;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Trainer, TrainingState};
use std::sync::Arc;

use crate::commands::fresh_trainer::fresh_trainer;
use crate::commands::loaded_run::load_data;
use crate::config::Resolved;
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::ranks::{Ranks, Task};
use crate::signals::Signals;

/// Trains as directed by the first process.
///
/// # Errors
/// The failure that ends training in all processes; the first one reports it.
pub(super) fn follow(ranks: &Ranks) -> Result<Exit, Failure> {
    ranks.agree(Ok(()))?;
    let read = |task: Task| Ok((load_data(&task.resolved.config, &task.base)?, task));
    let heard = Task::hear(ranks).and_then(|task| task.map(read).transpose());
    if let Ok(None) = heard {
        return Ok(Exit::Success);
    }
    let Some((data, task)) = ranks.agree(heard)? else {
        return Ok(Exit::Success);
    };
    with_geometry!(widths(&task.resolved.config, data.width()), |geometry| {
        let mut trainer = shared_trainer(ranks, &task.resolved, data, geometry, task.state)?;
        // A launcher hands signals to all; the first process decides what to do.
        ranks.agree(Signals::listen().or_exit(Exit::Other))?;
        trainer.run(&mut []).or_exit(Exit::Other)?;
        Ok(Exit::Success)
    })
}

/// Builds this process's trainer, at its first step or in the given state.
pub(super) fn shared_trainer<G: SupportedGeometry>(
    ranks: &Ranks,
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
    state: Option<TrainingState>,
) -> Result<Trainer<G>, Failure> {
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit("", error));
    let made = fresh_trainer(resolved, data, geometry)
        .and_then(|trainer| trainer.with_process_group(ranks.group.clone()).map_err(misfit))
        .and_then(|mut trainer| match state {
            None => Ok(trainer),
            Some(state) => trainer.resume(state).or_exit(Exit::RunDirectory).map(|()| trainer),
        });
    ranks.agree(made)
}
