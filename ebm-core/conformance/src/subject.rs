use serde_json::{Map, Value};

use super::{Side, situation::Situation};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, GeneratorView, LowerBound, Target, UpperBound};
use ebm_core::device::{Real, values};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::random::{Random, Share};
use ebm_core::registry::{
    self, Descriptor, LowerBoundConfig, Need, ParseError, Registered, SupportedGeometry, UpperBoundConfig,
};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{optimizer::OptimizerOptions, parameter::Module, tensor::rows};

#[derive(Clone, Copy)]
pub(super) enum Subject {
    Lower(&'static Descriptor<dyn LowerBoundConfig>),
    Upper(&'static Descriptor<dyn UpperBoundConfig>),
}

#[derive(Clone)]
pub(super) enum Config {
    Lower(Box<dyn LowerBoundConfig>),
    Upper(Box<dyn UpperBoundConfig>),
}

pub(super) enum Bound<G: SupportedGeometry> {
    Lower(Box<dyn LowerBound<G>>),
    Upper(Box<dyn UpperBound<G>>),
}

/// The same of either side.
macro_rules! either {
    ($enum:ident, $value:expr, $inner:ident => $result:expr) => {
        match $value {
            $enum::Lower($inner) => $result,
            $enum::Upper($inner) => $result,
        }
    };
}

/// The options of a table, without its `kind`.
pub(super) type Table = Map<String, Value>;

impl Subject {
    /// The bound of a name, or why there is none to be checked.
    pub fn find(side: Side, name: &str) -> Result<Self, String> {
        fn one<C: Registered + ?Sized>(name: &str) -> Result<&'static Descriptor<C>, String> {
            let found = registry::all::<C>();
            let mut named = found.iter().filter(|d| d.name == name);
            match (named.next(), named.next()) {
                (Some(descriptor), None) => Ok(descriptor),
                (Some(first), Some(second)) => Err(format!(
                    "two crates register the {} {name:?}: {} and {}",
                    C::KIND,
                    first.crate_name,
                    second.crate_name
                )),
                _ => {
                    let names: Vec<_> = found.iter().map(|d| d.name).collect();
                    Err(format!(
                        "no {} {name:?} is linked in (there are: {}); name its crate with `use`",
                        C::KIND,
                        names.join(", ")
                    ))
                }
            }
        }
        match side {
            Side::Lower => one(name).map(Subject::Lower),
            Side::Upper => one(name).map(Subject::Upper),
        }
    }

    /// Every registered bound of a side.
    pub fn all(side: Side) -> Vec<Self> {
        match side {
            Side::Lower => registry::all().into_iter().map(Subject::Lower).collect(),
            Side::Upper => registry::all().into_iter().map(Subject::Upper).collect(),
        }
    }

    pub fn name(&self) -> &'static str {
        either!(Subject, self, d => d.name)
    }

    pub fn side(&self) -> Side {
        match self {
            Subject::Lower(_) => Side::Lower,
            Subject::Upper(_) => Side::Upper,
        }
    }

    pub fn needs(&self, need: Need) -> bool {
        either!(Subject, self, d => d.needs.contains(&need))
    }

    /// The choices with which the gradient is not to be compared with differences.
    pub fn approximate_gradient(&self) -> &'static [&'static str] {
        either!(Subject, self, d => d.approximate_gradient)
    }

    pub fn example(&self) -> Config {
        match self {
            Subject::Lower(d) => Config::Lower((d.example)()),
            Subject::Upper(d) => Config::Upper((d.example)()),
        }
    }

    pub fn schema(&self) -> Value {
        either!(Subject, self, d => (d.schema)())
    }

    pub fn parse(&self, table: Table) -> Result<Config, ParseError> {
        match self {
            Subject::Lower(d) => (d.parse)(Value::Object(table)).map(Config::Lower),
            Subject::Upper(d) => (d.parse)(Value::Object(table)).map(Config::Upper),
        }
    }
}

impl Config {
    /// The options, without the name.
    pub fn table(&self) -> Result<Value, serde_json::Error> {
        let mut written = self.written()?;
        if let Value::Object(table) = &mut written {
            table.remove("kind");
        }
        Ok(written)
    }

    /// The options and the name.
    pub fn written(&self) -> Result<Value, serde_json::Error> {
        either!(Config, self, config => serde_json::to_value(config))
    }

    /// The same with a number at `path` that JSON cannot say.
    pub fn with_number(&self, path: &[String], number: f64) -> Result<toml::Value, toml::ser::Error> {
        let mut options = either!(Config, self, config => toml::Value::try_from(config))?;
        if let Some(place) = path.iter().try_fold(&mut options, |table, key| table.get_mut(key)) {
            *place = number.into();
        }
        Ok(options)
    }

    pub fn optimizer(&self) -> Option<OptimizerOptions> {
        either!(Config, self, config => config.optimizer())
    }

    pub fn check(&self) -> Result<(), ConfigError> {
        either!(Config, self, config => config.check())
    }

    pub fn build<G: SupportedGeometry>(&self, geometry: G, random: Random) -> Result<Bound<G>, ConfigError> {
        match self {
            Config::Lower(config) => geometry.lower(&**config, random).map(Bound::Lower),
            Config::Upper(config) => geometry.upper(&**config, random).map(Bound::Upper),
        }
    }
}

/// The parts that a training step differentiates a bound of this side in.
pub(super) fn trained(side: Side) -> Parts {
    match side {
        Side::Lower => Parts::GENERATOR | Parts::LOWER,
        Side::Upper => Parts::ENERGY | Parts::UPPER,
    }
}

impl<G: SupportedGeometry> Bound<G> {
    pub fn module(&self) -> &dyn Module {
        either!(Bound, self, bound => &**bound)
    }

    pub fn module_mut(&mut self) -> &mut dyn Module {
        either!(Bound, self, bound => &mut **bound)
    }

    /// Whether the value stands for a quantity; that of a baseline does not.
    pub fn bounds_something(&self) -> bool {
        match self {
            Bound::Lower(bound) => bound.bounds_entropy(),
            Bound::Upper(bound) => bound.target() != Target::Nothing,
        }
    }

    pub fn evaluate(&mut self, at: &Situation<G>, tape: SharedTape) -> Result<Estimate, BoundError> {
        match self {
            Bound::Lower(bound) => bound.entropy(&lower_view(at, tape)),
            Bound::Upper(bound) => {
                let situation = EnergySituation {
                    energy: &*at.energy,
                    generator: &*at.generator,
                    latents: &at.latents,
                    data: &at.data,
                };
                bound.divergence(&EnergyView::new(&situation, tape, at.random, at.step))
            }
        }
    }

    /// The value on a part of the batch, as one of several processes has it.
    pub fn evaluate_share(
        &mut self,
        at: &Situation<G>,
        share: Share,
        tape: SharedTape,
    ) -> Result<Estimate, BoundError> {
        let geometry = at.generator.geometry();
        let own = share.rows(rows(&at.latents));
        let part = |all: Vec<Real>, width: usize| all[own.start * width..own.end * width].to_vec();
        let latents = geometry.latents(part(values(&at.latents), geometry.latent_width()));
        let data = geometry.samples(part(values(&at.data), geometry.data_width()));
        let random = at.random.share(share);
        match self {
            Bound::Lower(bound) => {
                let view = GeneratorView::new(&*at.generator, &latents, tape, random, at.step);
                bound.entropy(&view.within_batch(&at.latents, own))
            }
            Bound::Upper(bound) => {
                let situation =
                    EnergySituation { energy: &*at.energy, generator: &*at.generator, latents: &latents, data: &data };
                bound.divergence(&EnergyView::new(&situation, tape, random, at.step))
            }
        }
    }
}

/// A situation as a lower bound sees it.
pub(super) fn lower_view<G: SupportedGeometry>(at: &Situation<G>, tape: SharedTape) -> GeneratorView<'_, G> {
    GeneratorView::new(&*at.generator, &at.latents, tape, at.random, at.step)
}
