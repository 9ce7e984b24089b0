//! Resolves layers of values to a checked configuration.

use ebm_core::error::ConfigError;
use ebm_core::registry::{self, Registered};
use ebm_train::optim::OptimizerChoice;
use figment::value::Value;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::fmt::Display;

use super::comparison::{COMPARE, Comparison};
use super::layers::{COMPONENTS, Layers, Merged};
use super::{earlier_releases, fault::ConfigFault, run_config::RunConfig, section::json};

/// The top-level keys that are not components.
const PLAIN: [&str; 6] = ["seed", "train", "evaluate", "checkpoint", "log", COMPARE];

/// A configuration that was checked, with the layers it was made from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The configuration.
    pub config: RunConfig,
    /// The source of each value.
    pub merged: Merged,
}

impl Layers {
    /// Merges the layers, reads every section and checks every value.
    pub fn resolve(self) -> Result<Resolved, ConfigFault> {
        let mut merged = self.merge();
        let known: Vec<&str> = PLAIN.into_iter().chain(COMPONENTS.map(|(section, _)| section)).collect();
        merged.only_known("", &merged.values, &known)?;
        earlier_releases::move_lambda(&mut merged)?;
        // One file serves single runs and comparisons, and is checked as strictly for either.
        Comparison::read(&merged)?;
        for player in ["train.energy.optimizer", "train.generator.optimizer"] {
            merged.find(player).map_or(Ok(()), |given| optimizer(&merged, player, json(given)))?;
        }
        let config = RunConfig {
            seed: plain(&merged, "seed", |_| Ok(()))?,
            data: component(&merged, "data", <dyn registry::DatasetConfig>::check)?,
            generator: component(&merged, "generator", <dyn registry::GeneratorConfig>::check)?,
            energy: component(&merged, "energy", <dyn registry::EnergyConfig>::check)?,
            lower: component(&merged, "lower", <dyn registry::LowerBoundConfig>::check)?,
            upper: component(&merged, "upper", <dyn registry::UpperBoundConfig>::check)?,
            train: plain(&merged, "train", ebm_train::TrainConfig::check)?,
            evaluate: plain(&merged, "evaluate", ebm_eval::evaluate::EvaluateConfig::check)?,
            checkpoint: plain(&merged, "checkpoint", super::CheckpointConfig::check)?,
            log: plain(&merged, "log", |_| Ok(()))?,
        };
        for (bound, options) in
            [("lower.optimizer", config.lower.optimizer()), ("upper.optimizer", config.upper.optimizer())]
        {
            options.map_or(Ok(()), |options| optimizer(&merged, bound, options.table().clone().into()))?;
        }
        // Its keys carry their section.
        config.components().check().map_err(|error| merged.refused("", error))?;
        Ok(Resolved { config, merged })
    }
}

impl Resolved {
    /// A fault that was found only when the parts of the configuration were put together; the error's key has its section.
    pub fn misfit(&self, error: ConfigError) -> ConfigFault {
        self.merged.refused("", error)
    }

    /// The fault of the value at `key`, of which `reason` says all.
    pub fn fault(&self, key: &str, reason: impl Display) -> ConfigFault {
        ConfigFault::new(self.merged.blame(key), reason)
    }
}

/// Refuses options of an optimiser that cannot be used, by their keys.
fn optimizer(merged: &Merged, section: &str, options: Json) -> Result<(), ConfigFault> {
    let Json::Object(table) = options else { return Ok(()) };
    let read = OptimizerChoice::read(table).map_err(|error| merged.unreadable(section, error))?;
    read.check().map_err(|error| merged.refused(section, error))
}

/// Reads a section that is not registered by name.
fn plain<T: DeserializeOwned + Default>(
    merged: &Merged,
    section: &str,
    check: impl Fn(&T) -> Result<(), ConfigError>,
) -> Result<T, ConfigFault> {
    let read: T = match merged.values.get(section) {
        None => T::default(),
        Some(given) => registry::parse_as(json(given)).map_err(|error| merged.unreadable(section, error))?,
    };
    check(&read).map_err(|error| merged.refused(section, error))?;
    Ok(read)
}

/// Reads a section that holds a registered component.
fn component<C: Registered + ?Sized>(
    merged: &Merged,
    section: &str,
    check: impl Fn(&C) -> Result<(), ConfigError>,
) -> Result<Box<C>, ConfigFault> {
    let Some(Value::Dict(_, table)) = merged.values.get(section) else {
        return Err(merged.wrong(section, format!("the name of a {}, or a table with `kind`", C::KIND)));
    };
    let (_, read) = merged.component::<C>(section, table, None)?;
    check(&read).map_err(|error| merged.refused(section, error))?;
    Ok(read)
}
