//! Training at the word of another process, which writes the run directory.

use ebm_core::data::Dataset;
use ebm_core::error::ConfigError;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Trainer, TrainingState};
use std::sync::Arc;

use crate::commands::fresh_trainer::fresh_trainer;
use crate::commands::loaded_run::load_data;
use crate::config::Resolved;
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::ranks::{Ranks, Task};
use crate::signals::Signals;

/// Does what the first process says.
///
/// # Errors
/// What ends the training of all; the first process tells.
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
    let width = data.width();
    let latent = task.resolved.config.generator.latent_width(width);
    with_geometry(latent, width, Follow { ranks, data, task })
}

struct Follow<'a> {
    ranks: &'a Ranks,
    data: Arc<dyn Dataset>,
    task: Task,
}

impl Work for Follow<'_> {
    type Output = Result<Exit, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        let Self { ranks, data, task } = self;
        let mut trainer = shared_trainer(ranks, &task.resolved, data, geometry, task.state)?;
        // A launcher hands signals to all; what they ask for is the first process's to decide.
        ranks.agree(Signals::listen().or_exit(Exit::Other))?;
        trainer.run(&mut []).or_exit(Exit::Other)?;
        Ok(Exit::Success)
    }
}

/// This process's trainer among the others', at its first step or in the state given.
///
/// # Errors
/// If the parts of the configuration do not fit together, to the data, to the number of processes or to the state, in one of
/// the processes.
pub(super) fn shared_trainer<G: SupportedGeometry>(
    ranks: &Ranks,
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
    state: Option<TrainingState>,
) -> Result<Trainer<G>, Failure> {
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit("", error));
    let made = fresh_trainer(resolved, data, geometry)
        .and_then(|trainer| trainer.with_process_group(ranks.group()).map_err(misfit))
        .and_then(|mut trainer| match state {
            None => Ok(trainer),
            Some(state) => trainer.resume(state).or_exit(Exit::RunDirectory).map(|()| trainer),
        });
    ranks.agree(made)
}
