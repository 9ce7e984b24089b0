//! A trainer at its first step, and the failures that its errors become.

use ebm_core::data::Dataset;
use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Origin, Players, TrainError, Trainer};
use std::sync::Arc;

use crate::config::Resolved;
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure};

/// Builds everything that takes part in training.
pub fn fresh_trainer<G: SupportedGeometry>(
    resolved: &Resolved,
    data: Arc<dyn Dataset>,
    geometry: G,
) -> Result<Trainer<G>, Failure> {
    let config = &resolved.config;
    let random = Random::new(config.seed);
    // These errors carry their section already.
    let misfit = |error: ConfigError| Failure::new(Exit::Config, resolved.misfit("", error));
    let players = Players::build(geometry, config.components(), &config.train, random).map_err(misfit)?;
    Trainer::new(config.train.clone(), players, data, random).map_err(misfit)
}

/// Whether everything that takes part in training can be built: the last check before a run that is trained later.
pub fn can_be_built(resolved: &Resolved, data: Arc<dyn Dataset>) -> Result<(), Failure> {
    struct Build<'a>(&'a Resolved, Arc<dyn Dataset>);
    impl Work for Build<'_> {
        type Output = Result<(), Failure>;
        fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
            fresh_trainer(self.0, self.1, geometry).map(drop)
        }
    }
    let width = data.width();
    let latent = resolved.config.generator.latent_width(width);
    with_geometry(latent, width, Build(resolved, data))
}

/// Converts an error of training to a failure of the program, with its exit code.
pub fn training_failure(resolved: &Resolved, error: TrainError) -> Failure {
    match error {
        // Its key carries the section already.
        TrainError::Config(error) => Failure::new(Exit::Config, resolved.misfit("", error)),
        TrainError::Data(_) => Failure::new(Exit::Data, error),
        TrainError::Bound(_) => Failure::new(Exit::Config, error),
        TrainError::Elsewhere { origin, .. } => {
            let exit = match origin {
                Origin::Data => Exit::Data,
                Origin::Config | Origin::Bound => Exit::Config,
                Origin::Observer => Exit::RunDirectory,
                _ => Exit::Other,
            };
            Failure::new(exit, error)
        }
        TrainError::Observer(error) => Failure::new(Exit::RunDirectory, anyhow::Error::from_boxed(error)),
        _ => Failure::new(Exit::Other, error),
    }
}
