//! A trainer at its first step, and the failures that its errors become.

use ebm_core::{data::Dataset, error::ConfigError, random::Random, registry::SupportedGeometry};
use ebm_data::Validating;
use ebm_eval::{evaluate::EvaluateConfig, metric::Prospect};
use ebm_train::{Objective, Origin, Players, TrainError, Trainer};
use std::sync::Arc;

use crate::config::{Resolved, check_watched};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure};

/// Builds everything that takes part in training.
pub fn fresh_trainer<G: SupportedGeometry>(
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
) -> Result<Trainer<G>, Failure> {
    let config = &resolved.config;
    let random = Random::new(config.seed);
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit(error));
    let players = Players::build(geometry, config.components(), &config.train, random).map_err(misfit)?;
    if config.train.objective == Objective::Bidirectional {
        players.check().map_err(misfit)?;
        config.components().check_rank(geometry.data_width()).map_err(misfit)?;
    }
    let trainer = Trainer::new(config.train.clone(), players, data, random).map_err(misfit)?;
    let prospect = Prospect {
        data: &Validating::new(trainer.data()),
        config: &EvaluateConfig::quick(),
        has_generator: config.train.objective == Objective::Bidirectional,
        knows_log_partition: trainer.energy().facts().log_partition.is_some(),
    };
    check_watched(config, Some(&prospect)).map_err(misfit)?;
    Ok(trainer)
}

/// Whether everything that takes part in training can be built: the last check before a run that is trained later.
pub fn can_be_built(resolved: &Resolved, data: Arc<dyn Dataset>) -> Result<(), Failure> {
    let widths = widths(&resolved.config, data.width());
    with_geometry!(widths, |geometry| fresh_trainer(resolved, data, geometry).map(drop))
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
