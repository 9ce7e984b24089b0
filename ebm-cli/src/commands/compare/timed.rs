//! What a step of each pair costs, and of the baseline.

use ebm_core::data::Dataset;
use ebm_core::registry::SupportedGeometry;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

use super::plan::Plan;
use crate::cli::Compare;
use crate::commands::fresh_trainer::{fresh_trainer, training_failure};
use crate::commands::loaded_run::load_data;
use crate::commands::print;
use crate::commands::train::{base_of, title_of};
use crate::compare::{Baseline, Pace, Pair, Stepper, measure};
use crate::config::{Grid, Resolved};
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;
use crate::series::{Difference, differences};

/// What a step of each pair costs.
pub(super) struct Timed {
    /// A pace a pair.
    pub paces: Vec<Pace>,
    /// What costs are relative to.
    pub baseline: Baseline,
    /// Where each pair differs from the baseline in what a step costs beside the bounds.
    pub unlike: Vec<Vec<Difference>>,
}

impl Timed {
    /// Builds the models of each pair and of the baseline, and times their steps.
    ///
    /// # Errors
    /// If the parts of a configuration do not fit together, or somebody asks to stop.
    pub(super) fn of(plan: &Plan, arguments: &Compare, grid: &Grid, interrupt: &Interrupt) -> Result<Self, Failure> {
        let mut names: Vec<String> = plan.pairs.iter().map(Pair::name).collect();
        let mut configs: Vec<(&Resolved, &Path)> = plan.firsts().map(|resolved| (resolved, &*plan.base)).collect();
        let other = match &arguments.baseline {
            None => None,
            Some(file) => {
                let resolved = grid.baseline(file).or_exit(Exit::Config)?;
                Some((resolved, base_of(file, arguments.data.as_deref())?, title_of(file)))
            }
        };
        if let Some((resolved, base, name)) = &other {
            names.push(name.clone());
            configs.push((resolved, base));
        }
        let mut steppers = Vec::new();
        for ((resolved, base), name) in configs.iter().zip(&names) {
            steppers.push(stepper(resolved, base).map_err(|failure| failure.within(name))?);
        }
        if !arguments.quiet {
            print(&format!("timing the steps of {}\n", names.join(", ")))?;
        }
        let mut paces = measure(&mut steppers, interrupt, |index, error| {
            training_failure(configs[index].0, error).within(&names[index])
        })?;
        let (baseline, name) = match &other {
            Some((resolved, ..)) => (resolved, names.last()),
            None => (configs[0].0, names.first()),
        };
        let pace = if other.is_some() {
            paces.pop()
        } else {
            paces.first().cloned()
        };
        let work = work_of(baseline)?;
        let unlike = plan
            .firsts()
            .map(|resolved| Ok(differences(&work, &work_of(resolved)?)));
        Ok(Self {
            unlike: unlike.collect::<Result<_, Failure>>()?,
            paces,
            baseline: Baseline {
                name: name.cloned().unwrap_or_default(),
                steps_per_second: pace.and_then(|pace| pace.seconds()).map(|seconds| 1.0 / seconds),
            },
        })
    }
}

/// What a step costs beside the bounds.
fn work_of(resolved: &Resolved) -> Result<Value, Failure> {
    let config = &resolved.config;
    let form = |value: serde_json::Result<Value>| value.or_exit(Exit::Other);
    Ok(json!({
        "data": form(serde_json::to_value(&config.data))?,
        "generator": form(serde_json::to_value(&config.generator))?,
        "energy": form(serde_json::to_value(&config.energy))?,
        "train": {
            "batch": config.train.batch,
            "energy": { "steps": config.train.energy.steps, "average": config.train.energy.average > 0.0 },
            "generator": { "steps": config.train.generator.steps, "average": config.train.generator.average > 0.0 },
        },
    }))
}

fn stepper(resolved: &Resolved, base: &Path) -> Result<Box<dyn Stepper>, Failure> {
    let data = load_data(&resolved.config, base)?;
    let width = data.width();
    let latent = resolved.config.generator.latent_width(width);
    with_geometry(latent, width, Build { resolved, data })
}

struct Build<'a> {
    resolved: &'a Resolved,
    data: Arc<dyn Dataset>,
}

impl Work for Build<'_> {
    type Output = Result<Box<dyn Stepper>, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        Ok(Box::new(fresh_trainer(self.resolved, self.data, geometry)?))
    }
}
