use anyhow::Context;
use ebm_core::{data::Dataset, device::Real, random::Random, registry::SupportedGeometry};
use ebm_train::{Players, Trainer};
use std::{sync::Arc, time::Duration};

use super::measurement::{Measured, measure};
use crate::config::{Layers, Origin, RunConfig};
use crate::dispatch::{widths, with_geometry};
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

macro_rules! problem {
    ($name:literal, $width:expr, $file:literal) => {
        Problem { name: $name, width: $width, text: include_str!(concat!("problems/", $file)) }
    };
}

/// The problems, the quick ones first.
pub const PROBLEMS: [Problem; 5] = [
    problem!("25-gaussians sv+gp", 2, "25-gaussians-sv-gp.toml"),
    problem!("25-gaussians mi+diffusion", 2, "25-gaussians-mi-diffusion.toml"),
    problem!("stacked-mnist sv+gp", 28 * 28 * 3, "stacked-mnist-sv-gp.toml"),
    problem!("stacked-mnist cnn sv+gp", 28 * 28 * 3, "stacked-mnist-cnn-sv-gp.toml"),
    problem!("cifar-10 dcgan sv+gp", 32 * 32 * 3, "cifar-10-dcgan-sv-gp.toml"),
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
        let timed = with_geometry!(widths(&config, self.width), |geometry| self.train(config, duration, geometry));
        timed.context(self.name).or_exit(Exit::Other)
    }

    fn train<G: SupportedGeometry>(&self, config: RunConfig, time: Duration, geometry: G) -> anyhow::Result<Measured> {
        let random = Random::new(config.seed);
        let players = Players::build(geometry, config.components(), &config.train, random)?;
        let trainer = Trainer::new(config.train, players, Arc::new(Normal(self.width)), random)?;
        Ok(measure(self.name, trainer, time)?)
    }
}

/// Standard normal numbers in place of data, of a width.
pub struct Normal(pub usize);

impl Dataset for Normal {
    fn width(&self) -> usize {
        self.0
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(n * self.0)
    }
}
