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
///
/// ```
/// # use ebm_core::bounds::{Level, LowerBound, UpperBound};
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::geometry::Geometry;
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::{LowerBoundSpec, Need, UpperBoundSpec};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// # struct Noisy {}
/// # impl LowerBoundSpec for Noisy {
/// #     fn check(&self) -> Result<(), ConfigError> {
/// #         Ok(())
/// #     }
/// #     fn build<G: Geometry>(&self, _: G, _: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
/// #         unimplemented!("only checked here")
/// #     }
/// # }
/// # ebm_core::register_lower_bound!(
/// #     Noisy, name: "components-noisy", summary: "", reference: "", guarantee: Level::Heuristic,
/// #     needs: &[Need::Noise],
/// # );
/// # #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// # struct Free {}
/// # impl UpperBoundSpec for Free {
/// #     fn check(&self) -> Result<(), ConfigError> {
/// #         Ok(())
/// #     }
/// #     fn build<G: Geometry>(&self, _: G, _: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
/// #         unimplemented!("only checked here")
/// #     }
/// # }
/// # ebm_core::register_upper_bound!(
/// #     Free, name: "components-free", summary: "", reference: "", guarantee: Level::Heuristic, needs: &[],
/// # );
/// use ebm_core::registry::{EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
/// use ebm_core::trainer::Components;
///
/// // A lower bound that needs noise, with a generator that has none and with one that has.
/// let lower: Box<dyn LowerBoundConfig> = toml::from_str("kind = \"components-noisy\"")?;
/// let upper: Box<dyn UpperBoundConfig> = toml::from_str("kind = \"components-free\"")?;
/// let energy: Box<dyn EnergyConfig> = toml::from_str("kind = \"mlp\"")?;
/// let check = |generator: &str| -> Result<_, toml::de::Error> {
///     let generator: Box<dyn GeneratorConfig> = toml::from_str(generator)?;
///     Ok(Components { energy: &*energy, generator: &*generator, lower: &*lower, upper: &*upper }.check())
/// };
/// assert_eq!(check("kind = \"mlp\"")?.unwrap_err().key, "generator.noise");
/// assert_eq!(check("kind = \"mlp\"\nnoise = 0.1")?, Ok(()));
/// # Ok::<(), toml::de::Error>(())
/// ```
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

    /// Refuses models that do not meet a bound's needs, as far as the configurations tell.
    ///
    /// # Errors
    /// The model's option that would have to change; the key starts with the model's table.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (lower, upper) = (self.lower.typetag_name(), self.upper.typetag_name());
        let of_lower = registry::find::<dyn LowerBoundConfig>(lower).map_or(&[][..], |d| d.needs);
        let of_upper = registry::find::<dyn UpperBoundConfig>(upper).map_or(&[][..], |d| d.needs);
        self.generator_meets(of_lower, &format!("lower = {lower:?}"))?;
        self.generator_meets(of_upper, &format!("upper = {upper:?}"))?;
        self.timed_energy().map(drop)
    }

    fn generator_meets(&self, needs: &[Need], bound: &str) -> Result<(), ConfigError> {
        let told = |error| needed_by(error, bound).within("generator");
        needs
            .iter()
            .try_for_each(|need| self.generator.meets(*need).map_err(told))
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
