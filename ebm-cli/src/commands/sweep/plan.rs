//! The runs of a sweep, resolved and checked, and the files that ask for them.

use ebm_core::data::Dataset;
use ebm_core::device::check_device;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli;
use crate::commands::fresh_trainer::can_be_built;
use crate::commands::loaded_run::load_data;
use crate::commands::train::base_of;
use crate::config::{Resolved, Sweep};
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{SeriesDirectory, differences, phrase};
use crate::sweep::{Manifest, Script, config_of, id};

/// What was asked.
const SPEC: &str = "sweep.toml";
/// The list of runs.
const POINTS: &str = "points.csv";
/// The script for sbatch.
pub(super) const SCRIPT: &str = "array.sbatch";

/// A run, resolved.
pub(super) struct Planned {
    /// What sets it apart.
    pub name: String,
    /// Its configuration.
    pub resolved: Resolved,
    /// The same, as it is written.
    text: String,
}

/// The runs of a sweep, resolved and checked.
pub(super) struct Plan<'a> {
    /// What was asked.
    pub sweep: &'a Sweep,
    /// What the folder says.
    pub manifest: Manifest,
    /// The runs, in the order of their numbers.
    pub runs: Vec<Planned>,
}

impl<'a> Plan<'a> {
    /// Resolves every run.
    ///
    /// # Errors
    /// The first fault found, or two points that are one.
    pub(super) fn of(arguments: &cli::Sweep, spec: &Path, sweep: &'a Sweep) -> Result<Self, Failure> {
        let base = base_of(sweep.home(), arguments.data.as_deref())?;
        let manifest = Manifest::new(sweep, spec, &arguments.set, &base)?;
        let mut runs = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (index, run) in manifest.runs.iter().enumerate() {
            let name = manifest.name_of(run);
            let resolved = sweep.resolve(&sweep.points[run.point], run.seed).or_exit(Exit::Config);
            let resolved = resolved.map_err(|failure| failure.within(&format!("{} ({name})", id(index))))?;
            let text = toml::to_string(&resolved.config).or_exit(Exit::Other)?;
            if let Some(first) = known.insert(text.clone(), index) {
                let (file, first_name) = (spec.display(), manifest.name_of(&manifest.runs[first]));
                let message = format!(
                    "{file}: runs {} ({first_name}) and {} ({name}) have the same configuration; expected points that differ",
                    id(first),
                    id(index)
                );
                return Err(Failure::message(Exit::Config, message));
            }
            runs.push(Planned { name, resolved, text });
        }
        Ok(Self { sweep, manifest, runs })
    }

    /// Builds the models of every point once, for the data that it names. Where a build for GPUs has none, as where jobs are
    /// handed in, the data are read and no more, which is told.
    ///
    /// # Errors
    /// If the data cannot be read, or the parts of a configuration do not fit together.
    pub(super) fn can_be_built(&self) -> Result<(), Failure> {
        let device = check_device();
        if let Err(error) = &device {
            eprintln!("warning: whether the models of each point can be built is not known: {error}");
        }
        let mut last: Option<(toml::Value, Arc<dyn Dataset>)> = None;
        for (index, planned) in self.runs.iter().enumerate().step_by(self.sweep.seeds.len()) {
            let config = &planned.resolved.config;
            let within = |failure: Failure| failure.within(&format!("{} ({})", id(index), planned.name));
            // A data set is drawn from the seed, which is the same here for every point.
            let named = toml::Value::try_from(&config.data).or_exit(Exit::Other)?;
            let data = match last.take() {
                Some((before, data)) if before == named => data,
                _ => load_data(config, &self.manifest.base).map_err(within)?,
            };
            last = Some((named, data.clone()));
            if device.is_ok() {
                can_be_built(&planned.resolved, data).map_err(within)?;
            }
        }
        Ok(())
    }

    /// A line a run.
    pub(super) fn listed(&self) -> String {
        let line = |(index, planned): (usize, &Planned)| format!("{} {}\n", id(index), planned.name);
        self.runs.iter().enumerate().map(line).collect()
    }

    /// Refuses a folder with another sweep: other runs, other configurations, other data. What is asked of Slurm, and how
    /// runs are trained here, may be another.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn is_at(&self, out: &Path) -> Result<(), Failure> {
        let there = Manifest::read(out)?;
        let refused = |differing: String| {
            let place = out.display();
            let text =
                format!("{place}: another sweep is there, with {differing}; give --out DIR to put this one elsewhere");
            Failure::message(Exit::RunDirectory, text)
        };
        if there.runs != self.manifest.runs {
            let name = |manifest: &Manifest, index: usize| {
                let run = manifest.runs.get(index);
                run.map_or_else(|| "nothing".into(), |run| manifest.name_of(run))
            };
            let first = there.runs.iter().zip(&self.manifest.runs).position(|(a, b)| a != b);
            let first = first.unwrap_or_else(|| there.runs.len().min(self.manifest.runs.len()));
            return Err(refused(format!(
                "{} runs instead of {}, of which {} is {} instead of {}",
                there.runs.len(),
                self.manifest.runs.len(),
                id(first),
                name(&there, first),
                name(&self.manifest, first)
            )));
        }
        if there.base != self.manifest.base {
            return Err(refused(format!(
                "data from {} instead of {}",
                there.base.display(),
                self.manifest.base.display()
            )));
        }
        for (index, planned) in self.runs.iter().enumerate() {
            // A process that was killed may have left no more than a part of them.
            let Ok(text) = fs::read_to_string(config_of(out, index)) else {
                continue;
            };
            let form = |text: &str| {
                let table: toml::Table = text.parse().or_exit(Exit::RunDirectory)?;
                serde_json::to_value(table).or_exit(Exit::Other)
            };
            let found = form(&text).map_err(|failure| failure.within(&config_of(out, index).display().to_string()))?;
            let differing = differences(&found, &form(&planned.text)?);
            if !differing.is_empty() {
                return Err(refused(format!("{} in run {}", phrase(&differing), id(index))));
            }
        }
        Ok(())
    }

    /// Writes what asks for the runs; what is right already is left alone.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn write(&self, directory: &SeriesDirectory) -> Result<(), Failure> {
        let absolute = |path: &Path| -> Result<PathBuf, Failure> { path.canonicalize().or_exit(Exit::RunDirectory) };
        let program = std::env::current_exe().or_exit(Exit::Other)?;
        let script = Script {
            name: &self.manifest.name,
            directory: &absolute(directory.path())?,
            base: &self.manifest.base,
            program: &program,
            runs: self.runs.len(),
            slurm: &self.sweep.spec.slurm,
        };
        let script = script.text()?;
        for (index, planned) in self.runs.iter().enumerate() {
            let (id, base) = (id(index), self.manifest.base.display().to_string());
            let head = format!(
                "# Run {id} of the sweep {}: {}\n# Relative paths of data start from another folder: ebm train {id}.toml --data {}\n\n",
                self.manifest.name,
                planned.name,
                base.escape_default()
            );
            directory.write_config(&id, &(head + &planned.text))?;
        }
        directory.write(POINTS, &self.manifest.csv()?)?;
        directory.write(SCRIPT, &script)?;
        directory.write(SPEC, &self.sweep.text)
    }
}
