use ebm_core::bounds::{LowerBound, UpperBound};
use ebm_core::models::{Energy, Generator};
use ebm_core::registry::{
    self, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, Registered, SupportedGeometry, UpperBoundConfig,
};
use ebm_core::{error::ConfigError, geometry::Geometry, parameter::Module};
use ebm_core::{optimizer::OptimizerOptions, random::Random};

use crate::config::TrainConfig;
use crate::optim::{Optimizer, OptimizerChoice, average};

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

/// The optimisers of the energy, of the generator, and of the networks of the lower and of the upper bound, in the order of
/// [`Players::modules`].
pub(crate) type Optimizers = [Box<dyn Optimizer>; 4];

impl<G: Geometry> Players<G> {
    /// Refuses bounds that cannot be trained with these models as they are: call it before training, not to read a run.
    ///
    /// # Errors
    /// The bound's option that would have to change; the key starts with the bound's table.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.upper.accepts_energy(&self.energy.facts()).map_err(|error| error.within("upper"))
    }

    /// All modules with the names that their arrays are saved under, the averages last.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&'static str, &dyn Module)> {
        let players: [(_, &dyn Module); 4] = [
            ("energy", &*self.energy),
            ("generator", &*self.generator),
            ("lower", &*self.lower),
            ("upper", &*self.upper),
        ];
        let averages = [
            self.energy_average.as_deref().map(|m| ("energy-average", m as &dyn Module)),
            self.generator_average.as_deref().map(|m| ("generator-average", m as &dyn Module)),
        ];
        players.into_iter().chain(averages.into_iter().flatten())
    }

    /// The same modules in the same order, mutably.
    pub(crate) fn modules_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut dyn Module)> {
        let players: [(_, &mut dyn Module); 4] = [
            ("energy", &mut *self.energy),
            ("generator", &mut *self.generator),
            ("lower", &mut *self.lower),
            ("upper", &mut *self.upper),
        ];
        let averages = [
            self.energy_average.as_deref_mut().map(|m| ("energy-average", m as &mut dyn Module)),
            self.generator_average.as_deref_mut().map(|m| ("generator-average", m as &mut dyn Module)),
        ];
        players.into_iter().chain(averages.into_iter().flatten())
    }

    /// Gives the generator and its average the noise of the moment after `step` iterations.
    pub fn at_step(&mut self, step: u64) {
        self.generator.at_step(step);
        if let Some(copy) = &mut self.generator_average {
            copy.at_step(step);
        }
    }

    pub(crate) fn optimizers(&self, config: &TrainConfig) -> Optimizers {
        let (energy, generator) = (&config.energy.optimizer, &config.generator.optimizer);
        let lower = self.lower_optimizer.as_ref().unwrap_or(generator);
        let upper = self.upper_optimizer.as_ref().unwrap_or(energy);
        [
            energy.build(&*self.energy),
            generator.build(&*self.generator),
            lower.build(&*self.lower),
            upper.build(&*self.upper),
        ]
    }

    /// A checksum that differs where any value of the models does, except for one time in 2^64.
    pub(crate) fn checksum(&self) -> u64 {
        // The averages, which come last, follow from the others.
        let parameters = self.modules().take(4).flat_map(|(_, module)| module.parameters());
        // FNV-1a, a value at a time.
        let mix = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
        parameters.fold(0xcbf2_9ce4_8422_2325, |hash, parameter| {
            let values = parameter.values();
            values.into_iter().fold(hash, |hash, value| mix(hash, f64::from(value).to_bits().rotate_left(29)))
        })
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
        match needs::<dyn UpperBoundConfig>(name).contains(&Need::TimeConditionalEnergy) {
            false => Ok(None),
            true => self.energy.timed().map(Some).map_err(needed_by("energy", &format!("upper = {name:?}"))),
        }
    }

    /// Refuses models that do not meet a bound's needs, as far as the configurations show.
    ///
    /// # Errors
    /// The model's option that would have to change; the key starts with the model's table.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (lower, upper) = (self.lower.typetag_name(), self.upper.typetag_name());
        let meets = |always: &[Need], of_options: &[Need], bound: &str| {
            let mut needs = always.iter().chain(of_options);
            needs.try_for_each(|need| self.generator.meets(*need).map_err(needed_by("generator", bound)))
        };
        meets(needs::<dyn LowerBoundConfig>(lower), self.lower.needs(), &format!("lower = {lower:?}"))?;
        meets(needs::<dyn UpperBoundConfig>(upper), self.upper.needs(), &format!("upper = {upper:?}"))?;
        self.optimizers()?;
        self.timed_energy().map(drop)
    }

    /// Refuses a generator whose Jacobian cannot have full rank for data of `data` dimensions, where a bound takes the logarithm of
    /// its volume: that is minus infinity then.
    ///
    /// # Errors
    /// The generator, with the ways out.
    pub fn check_rank(&self, data: usize) -> Result<(), ConfigError> {
        let (latents, rank) = (self.generator.latent_width(data), self.generator.rank(data));
        let of = |needs: &[Need]| needs.contains(&Need::FullRank);
        let bound = match (of(self.lower.needs()), of(self.upper.needs())) {
            (true, _) => format!("lower = {:?}", self.lower.typetag_name()),
            (_, true) => format!("upper = {:?}", self.upper.typetag_name()),
            _ => return Ok(()),
        };
        ConfigError::require(
            rank >= latents,
            "generator",
            format!("{:?}", self.generator.typetag_name()),
            &format!(
                "no layer narrower than its {latents} latents, and the narrowest has {rank} values: the Jacobian cannot have full \
                 rank, which {bound} needs; widen the layers, set fewer latents, or choose another kind of generator (\"flow\") or bound \
                 (lower = \"mi\" with noise)"
            ),
        )
    }

    /// The optimisers of the bounds' own networks, the lower bound's first.
    fn optimizers(&self) -> Result<[Option<OptimizerChoice>; 2], ConfigError> {
        let read = |section: &str, options: Option<OptimizerOptions>| {
            let Some(options) = options else {
                return Ok(None);
            };
            let read = OptimizerChoice::read(options.table().clone()).map_err(|error| {
                let value = serde_json::Value::from(options.table().clone());
                ConfigError::new("optimizer", value, format!("options of an optimizer ({error})"))
            });
            let checked = read.and_then(|optimizer| match optimizer.check() {
                Ok(()) => Ok(Some(optimizer)),
                Err(error) => Err(error.within("optimizer")),
            });
            checked.map_err(|error| error.within(section))
        };
        Ok([read("lower", self.lower.optimizer())?, read("upper", self.upper.optimizer())?])
    }
}

/// What the bound of this name needs of the models.
fn needs<C: Registered + ?Sized>(name: &str) -> &'static [Need] {
    registry::find::<C>(name).map_or(&[], |descriptor| descriptor.needs)
}

/// Puts the model's `section` and the `bound` that needs it into an error of the model's options.
fn needed_by(section: &str, bound: &str) -> impl FnOnce(ConfigError) -> ConfigError {
    move |mut error| {
        error.expected = format!("{}, since {bound} needs it", error.expected);
        error.within(section)
    }
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
