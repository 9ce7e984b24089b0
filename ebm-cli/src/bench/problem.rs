//! The standard problems that are timed.

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Players, Trainer};
use std::sync::Arc;
use std::time::Duration;

use super::measurement::{Measured, measure};
use crate::config::{Layers, Origin, RunConfig};
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};

/// A problem to train on.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    /// Data, networks unless they are fully connected, and bounds.
    pub name: &'static str,
    /// Width of the data.
    pub width: usize,
    /// The configuration.
    text: &'static str,
}

/// The problems, the quick ones first.
pub const PROBLEMS: [Problem; 5] = [
    Problem { name: "25-gaussians sv+gp", width: 2, text: include_str!("problems/25-gaussians-sv-gp.toml") },
    Problem {
        name: "25-gaussians mi+diffusion",
        width: 2,
        text: include_str!("problems/25-gaussians-mi-diffusion.toml"),
    },
    Problem {
        name: "stacked-mnist sv+gp",
        width: 28 * 28 * 3,
        text: include_str!("problems/stacked-mnist-sv-gp.toml"),
    },
    Problem {
        name: "stacked-mnist cnn sv+gp",
        width: 28 * 28 * 3,
        text: include_str!("problems/stacked-mnist-cnn-sv-gp.toml"),
    },
    Problem {
        name: "cifar-10 dcgan sv+gp",
        width: 32 * 32 * 3,
        text: include_str!("problems/cifar-10-dcgan-sv-gp.toml"),
    },
];

impl Problem {
    /// Resolves its configuration. The data that it names are not read.
    pub fn config(&self) -> Result<RunConfig, Failure> {
        let layers = Layers::default().toml(Origin::File(self.name.into()), self.text);
        let resolved = layers.and_then(|layers| layers.resolve()).or_exit(Exit::Config)?;
        Ok(resolved.config)
    }

    /// Trains for about this long.
    pub fn time(&self, duration: Duration) -> Result<Measured, Failure> {
        let config = self.config()?;
        let latent = config.generator.latent_width(self.width);
        let work = Train { problem: self, config, duration };
        with_geometry(latent, self.width, work)
    }
}

struct Train<'a> {
    problem: &'a Problem,
    config: RunConfig,
    duration: Duration,
}

impl Work for Train<'_> {
    type Output = Result<Measured, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        let Self { problem, config, duration } = self;
        let named = |error: anyhow::Error| Failure::new(Exit::Other, error.context(problem.name));
        let random = Random::new(config.seed);
        let players = Players::build(geometry, config.components(), &config.train, random);
        let players = players.map_err(|error| named(error.into()))?;
        let data = Arc::new(Normal(problem.width));
        let trainer = Trainer::new(config.train, players, data, random).map_err(|error| named(error.into()))?;
        measure(problem.name, trainer, duration).map_err(|error| named(error.into()))
    }
}

/// Standard normal numbers in place of data.
struct Normal(usize);

impl Dataset for Normal {
    fn width(&self) -> usize {
        self.0
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(n * self.0)
    }
}
