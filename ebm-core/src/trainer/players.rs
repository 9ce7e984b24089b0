//! The two players and the two bounds.

use crate::bounds::{LowerBound, UpperBound};
use crate::error::ConfigError;
use crate::geometry::Geometry;
use crate::models::{Energy, Generator};
use crate::random::Random;
use crate::registry::{
    self, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, SupportedGeometry, UpperBoundConfig,
};

use super::TrainConfig;

/// Everything that takes part in training.
pub struct Players<G: Geometry> {
    /// The energy.
    pub energy: Box<dyn Energy<G>>,
    /// The generator.
    pub generator: Box<dyn Generator<G>>,
    /// The lower bound.
    pub lower: Box<dyn LowerBound<G>>,
    /// The upper bound.
    pub upper: Box<dyn UpperBound<G>>,
    /// A second energy of the same make that holds the average of the weights.
    pub energy_average: Option<Box<dyn Energy<G>>>,
    /// A second generator of the same make that holds the average of the weights.
    pub generator_average: Option<Box<dyn Generator<G>>>,
}

/// The configurations of everything that takes part in training.
#[derive(Clone, Copy)]
pub struct Components<'a> {
    /// The energy.
    pub energy: &'a dyn EnergyConfig,
    /// The generator.
    pub generator: &'a dyn GeneratorConfig,
    /// The lower bound.
    pub lower: &'a dyn LowerBoundConfig,
    /// The upper bound.
    pub upper: &'a dyn UpperBoundConfig,
}

impl Components<'_> {
    /// The energy's configuration with a diffusion time, where the upper bound needs one.
    fn timed_energy(&self) -> Result<Option<Box<dyn EnergyConfig>>, ConfigError> {
        let name = self.upper.typetag_name();
        let needs = registry::find::<dyn UpperBoundConfig>(name).map_or(&[][..], |d| d.needs);
        if !needs.contains(&Need::TimeConditionalEnergy) {
            return Ok(None);
        }
        let timed = self.energy.timed().map_err(|e| e.within("energy"))?;
        Ok(Some(timed))
    }
}

impl<G: SupportedGeometry> Players<G> {
    /// Builds all from their configurations, with initial weights drawn from `random`.
    ///
    /// # Errors
    /// If an option cannot be used, or does not fit the geometry; the key is relative to the component's table.
    ///
    /// The energy is made conditional on a diffusion time if the upper bound needs that.
    pub fn build(geometry: G, parts: Components<'_>, train: &TrainConfig, random: Random) -> Result<Self, ConfigError> {
        let timed = parts.timed_energy()?;
        let energy_config = timed.as_deref().unwrap_or(parts.energy);
        let energy = || {
            geometry
                .energy(energy_config, random.stream("energy"))
                .map_err(|e| e.within("energy"))
        };
        let generator = || {
            geometry
                .generator(parts.generator, random.stream("generator"))
                .map_err(|e| e.within("generator"))
        };
        Ok(Self {
            energy: energy()?,
            generator: generator()?,
            lower: geometry
                .lower(parts.lower, random.stream("lower"))
                .map_err(|e| e.within("lower"))?,
            upper: geometry
                .upper(parts.upper, random.stream("upper"))
                .map_err(|e| e.within("upper"))?,
            energy_average: (train.energy.average > 0.0).then(energy).transpose()?,
            generator_average: (train.generator.average > 0.0).then(generator).transpose()?,
        })
    }
}
