//! A trainer at its first step, and the failures that its errors become.

use ebm_core::{data::Dataset, error::ConfigError, random::Random, registry::SupportedGeometry};
use ebm_data::Validating;
use ebm_eval::{evaluate::EvaluateConfig, metric::Prospect};
use ebm_train::{Objective, Origin, Players, TrainError, Trainer};
use std::sync::Arc;

use crate::config::{Resolved, check_watched};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure};
use crate::memory::{Needs, Shortage};

/// What a trainer is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is trained here, by so many processes together.
    Training { processes: usize },
    /// To see whether it can be built. Training is for another time, or another machine.
    Trial,
}

/// Builds everything that takes part in training, if there is memory for what it is built for.
pub fn fresh_trainer<G: SupportedGeometry>(
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
    purpose: Purpose,
) -> Result<Trainer<G>, Failure> {
    let config = &resolved.config;
    fits(resolved, &*data, purpose)?;
    let random = Random::new(config.seed);
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit(error));
    let players = Players::build(geometry, config.components(), &config.train, random).map_err(misfit)?;
    if config.train.objective == Objective::Bidirectional {
        players.check().map_err(misfit)?;
        config.components().check_rank(geometry.data_width()).map_err(misfit)?;
    }
    let trainer = Trainer::new(config.train.clone(), players, data, random).map_err(misfit)?;
    let evaluated = Validating::new(trainer.data());
    let prospect = Prospect {
        data: &evaluated,
        holds_out: !evaluated.held_out(1, random).is_empty(),
        config: &EvaluateConfig::quick(),
        has_generator: config.train.objective == Objective::Bidirectional,
        knows_log_partition: trainer.energy().facts().log_partition.is_some(),
    };
    check_watched(config, Some(&prospect)).map_err(misfit)?;
    Ok(trainer)
}

/// Refuses sizes for which there is not enough memory.
fn fits(resolved: &Resolved, data: &dyn Dataset, purpose: Purpose) -> Result<(), Failure> {
    let config = &resolved.config;
    let shortage = match purpose {
        Purpose::Training { processes } => Needs::of_training(config, data, processes).iter().find_map(Needs::shortage),
        Purpose::Trial => Needs::of_models(config, data.width()).shortage(),
    };
    let refused = |found: Shortage| Failure::new(Exit::Config, resolved.fault(&found.key, found.reason));
    shortage.map_or(Ok(()), |found| Err(refused(found)))
}

/// Whether everything that takes part in training can be built: the last check before a run that is trained later, on this machine
/// or on another.
pub fn can_be_built(resolved: &Resolved, data: Arc<dyn Dataset>, trained_here: bool) -> Result<(), Failure> {
    // A launcher may share a batch out among any number of processes.
    let purpose = match trained_here && cfg!(not(feature = "mpi")) {
        true => Purpose::Training { processes: 1 },
        false => Purpose::Trial,
    };
    let widths = widths(&resolved.config, data.width());
    with_geometry!(widths, |geometry| fresh_trainer(resolved, data, geometry, purpose).map(drop))
}

/// Converts an error of training to a failure of the program, with its exit code.
pub fn training_failure(resolved: &Resolved, error: TrainError) -> Failure {
    let exit = match Origin::of(&error) {
        Origin::Data => Exit::Data,
        Origin::Config | Origin::Bound => Exit::Config,
        Origin::Observer => Exit::RunDirectory,
        _ => Exit::Other,
    };
    match error {
        TrainError::Config(error) => Failure::new(exit, resolved.misfit(error)),
        TrainError::Observer(error) => Failure::new(exit, anyhow::Error::from_boxed(error)),
        error => Failure::new(exit, error),
    }
}
