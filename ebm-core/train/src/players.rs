//! The two players and the two bounds.

use ebm_core::bounds::{LowerBound, UpperBound};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::models::{Energy, Generator};
use ebm_core::optimizer::OptimizerOptions;
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_core::registry::{
    self, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, SupportedGeometry, UpperBoundConfig,
};

use crate::config::TrainConfig;
use crate::optim::{OptimizerChoice, average};

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
    /// The optimiser of the lower bound's own networks; `None`: the generator's.
    pub lower_optimizer: Option<OptimizerChoice>,
    /// The optimiser of the upper bound's own networks; `None`: the energy's.
    pub upper_optimizer: Option<OptimizerChoice>,
    /// A second energy of the same make that holds the average of the weights.
    pub energy_average: Option<Box<dyn Energy<G>>>,
    /// A second generator of the same make that holds the average of the weights.
    pub generator_average: Option<Box<dyn Generator<G>>>,
}

impl<G: Geometry> Players<G> {
    /// All modules, the averages last.
    pub(crate) fn modules(&self) -> Vec<&dyn Module> {
        let mut modules: Vec<&dyn Module> = vec![&*self.energy, &*self.generator, &*self.lower, &*self.upper];
        modules.extend(self.energy_average.as_deref().map(|m| m as &dyn Module));
        modules.extend(self.generator_average.as_deref().map(|m| m as &dyn Module));
        modules
    }

    /// The same modules in the same order, mutably.
    pub(crate) fn modules_mut(&mut self) -> Vec<&mut dyn Module> {
        let mut modules: Vec<&mut dyn Module> =
            vec![&mut *self.energy, &mut *self.generator, &mut *self.lower, &mut *self.upper];
        modules.extend(self.energy_average.as_deref_mut().map(|m| m as &mut dyn Module));
        modules.extend(self.generator_average.as_deref_mut().map(|m| m as &mut dyn Module));
        modules
    }

    /// Moves the averages of the weights towards the weights after `step` iterations, by these decays of the energy's and the
    /// generator's.
    pub(crate) fn follow_average(&mut self, [energy, generator]: [f64; 2], step: u64) {
        if let Some(copy) = &mut self.energy_average {
            average(&mut **copy, &*self.energy, energy, step);
        }
        if let Some(copy) = &mut self.generator_average {
            average(&mut **copy, &*self.generator, generator, step);
        }
    }
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
        let told = |error| needed_by(error, &format!("upper = {name:?}")).within("energy");
        self.energy.timed().map(Some).map_err(told)
    }

    /// Refuses models that do not meet a bound's needs, as far as the configurations show.
    ///
    /// # Errors
    /// The model's option that would have to change; the key starts with the model's table.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (lower, upper) = (self.lower.typetag_name(), self.upper.typetag_name());
        let of_lower = registry::find::<dyn LowerBoundConfig>(lower).map_or(&[][..], |d| d.needs);
        let of_upper = registry::find::<dyn UpperBoundConfig>(upper).map_or(&[][..], |d| d.needs);
        self.generator_meets(of_lower, &format!("lower = {lower:?}"))?;
        self.generator_meets(of_upper, &format!("upper = {upper:?}"))?;
        self.optimizers()?;
        self.timed_energy().map(drop)
    }

    /// The optimisers of the bounds' own networks, the lower bound's first.
    fn optimizers(&self) -> Result<[Option<OptimizerChoice>; 2], ConfigError> {
        let read = |section: &str, options: Option<OptimizerOptions>| {
            let Some(options) = options else {
                return Ok(None);
            };
            let optimizer = OptimizerChoice::read(options.table().clone()).map_err(|error| {
                let value = serde_json::Value::from(options.table().clone());
                ConfigError::new("optimizer", value, format!("options of an optimizer ({error})")).within(section)
            })?;
            let checked = optimizer.check();
            checked.map_err(|error| error.within("optimizer").within(section))?;
            Ok(Some(optimizer))
        };
        Ok([read("lower", self.lower.optimizer())?, read("upper", self.upper.optimizer())?])
    }

    fn generator_meets(&self, needs: &[Need], bound: &str) -> Result<(), ConfigError> {
        let told = |error| needed_by(error, bound).within("generator");
        needs.iter().try_for_each(|need| self.generator.meets(*need).map_err(told))
    }
}

fn needed_by(mut error: ConfigError, bound: &str) -> ConfigError {
    error.expected = format!("{}, since {bound} needs it", error.expected);
    error
}

impl<G: SupportedGeometry> Players<G> {
    /// Builds all from their configurations, with initial weights drawn from `random`.
    ///
    /// # Errors
    /// If an option cannot be used, does not fit the geometry, or does not meet a bound's need; the key starts with the
    /// component's table.
    ///
    /// The energy is made conditional on a diffusion time if the upper bound needs that.
    pub fn build(geometry: G, parts: Components<'_>, train: &TrainConfig, random: Random) -> Result<Self, ConfigError> {
        parts.check()?;
        let timed = parts.timed_energy()?;
        let [lower_optimizer, upper_optimizer] = parts.optimizers()?;
        let energy_config = timed.as_deref().unwrap_or(parts.energy);
        let energy = || geometry.energy(energy_config, random.stream("energy")).map_err(|e| e.within("energy"));
        let generator =
            || geometry.generator(parts.generator, random.stream("generator")).map_err(|e| e.within("generator"));
        Ok(Self {
            energy: energy()?,
            generator: generator()?,
            lower: geometry.lower(parts.lower, random.stream("lower")).map_err(|e| e.within("lower"))?,
            upper: geometry.upper(parts.upper, random.stream("upper")).map_err(|e| e.within("upper"))?,
            lower_optimizer,
            upper_optimizer,
            energy_average: (train.energy.average > 0.0).then(energy).transpose()?,
            generator_average: (train.generator.average > 0.0).then(generator).transpose()?,
        })
    }
}
