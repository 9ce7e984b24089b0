//! `ebm sweep`: one configuration at many points, written for Slurm or trained here, and the results.

use clap::{Args, Subcommand};
use ebm_core::{data::Dataset, device::check_device};
use std::path::{Path, PathBuf};
use std::{collections::HashMap, sync::Arc};

use super::{arguments::base_of, changed_data::changed_data, fresh_trainer::can_be_built, loaded_run::load_data};
use crate::config::{self, MOST_JOBS};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::interrupt::Interrupt;
use crate::output::{print, say, write_whole};
use crate::run_directory::regular;
use crate::series::{Plan, PlannedRun, SeriesDirectory, differences, phrase, verdict};
use crate::sweep::{Manifest, SWEEP, SweepTable, id, script};

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
SPEC names a configuration, keys with their values, seeds, and options for Slurm; `ebm config
reference sweep` lists everything it may contain. Every point is checked before anything is written.
DIR then holds sweep.toml (the request), points.csv (the runs), configs/NNNN.toml (a complete
configuration for each run), array.sbatch (the script for sbatch), and what the runs write, below
runs/ and logs/. Repeating the command changes nothing; a folder with another sweep is refused.

--run trains the unfinished runs here, each in a process of its own, and continues interrupted ones.
A run that diverges is a result; if one fails, the others continue and the exit code is 8.

Examples:
  ebm sweep examples/sweeps/penalty.toml --dry-run
  ebm sweep examples/sweeps/penalty.toml && sbatch runs/sweep-penalty/array.sbatch
  ebm sweep examples/sweeps/penalty.toml --run --jobs 2
  ebm sweep collect runs/sweep-penalty --sort nll --csv penalty.csv"
)]
pub struct Sweep {
    /// What to do with an existing sweep.
    #[command(subcommand)]
    pub command: Option<SweepCommand>,
    /// Sweep file (TOML)
    #[arg(required = true)]
    pub spec: Option<PathBuf>,
    /// Override a value of the file, its base and the environment, for every point; may be repeated
    ///
    /// KEY is the full dotted key (train.steps), and not one that the sweep gives values to.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Folder of the sweep [default: `out` in the file, or runs/sweep-<name of the sweep>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Folder that relative data paths start from [default: that of the base, or of the sweep file]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Train the runs here
    #[arg(long)]
    pub run: bool,
    /// Runs to train at once, each with its share of the processor's cores [default: local.jobs in the file]
    #[arg(long, value_name = "N", requires = "run", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_JOBS)))]
    pub jobs: Option<u32>,
    /// Only check every point and list the runs
    #[arg(long, conflicts_with = "run")]
    pub dry_run: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What to do with an existing sweep.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// Print the results of a sweep so far: a line for each point, mean and standard error over its seeds
    #[command(after_help = "\
It only reads, so it works while runs are being trained. The best point is marked: by --sort, or by nll.

Examples:
  ebm sweep collect runs/sweep-penalty
  ebm sweep collect runs/sweep-penalty --sort good_share --json penalty.json")]
    Collect {
        /// Folder of the sweep
        directory: PathBuf,
        /// Also write every run to this CSV file
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Also write every point and run to this JSON file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Metric to sort the points by, best first: nll, gap, good_share, ...
        #[arg(long, value_name = "METRIC")]
        sort: Option<String>,
    },
}

const SPEC: &str = "sweep.toml";
const POINTS: &str = "points.csv";
const SCRIPT: &str = "array.sbatch";

/// Nothing is written before every point is known to be good, its models could be built, and what is in the folder is known
/// to belong to this sweep.
pub fn run(arguments: &Sweep) -> Result<Exit, Failure> {
    let spec = match (&arguments.command, &arguments.spec) {
        (Some(SweepCommand::Collect { directory, csv, json, sort }), _) => {
            return collect(directory, csv.as_deref(), json.as_deref(), sort.as_deref());
        }
        (None, Some(spec)) => spec,
        (None, None) => fail!(Exit::Usage, "give the file of a sweep"),
    };
    let say = |line: &str| say(arguments.quiet, line);
    let sweep = config::Sweep::load(spec, arguments.data.as_deref(), &arguments.set).or_exit(Exit::Config)?;
    let (mut plan, manifest) = planned(arguments, spec, &sweep)?;
    if arguments.dry_run {
        try_to_build(&plan, false)?;
        plan.runs.iter().try_for_each(|run| say(&run.name()))?;
        return Ok(Exit::Success);
    }
    match plan.directory.exists()? {
        true => same_sweep(&plan, &manifest)?,
        false => try_to_build(&plan, arguments.run)?,
    }
    plan.directory.open(&manifest)?;
    write(&plan, &manifest, &sweep)?;
    let (runs, points, seeds) = (plan.runs.len(), sweep.points.len(), plan.seeds.len());
    let place = plan.directory.path.display();
    say(&format!("{runs} runs in {place}: points {points}, seeds {seeds}"))?;
    if !arguments.run {
        say(&format!("train them: sbatch {place}/{SCRIPT}\ntheir table: ebm sweep collect {place}"))?;
        return Ok(Exit::Success);
    }
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let existing = plan.existing(false, changed_data(&plan.base))?;
    let jobs = arguments.jobs.unwrap_or(sweep.spec.local.jobs);
    let trained = plan.train(&existing, jobs, &interrupt, say)?;
    if !arguments.quiet {
        let outcomes = manifest.outcomes(&plan.directory);
        print(&format!("\n{}", SweepTable::new(&manifest, &outcomes, None)?.text()))?;
    }
    let trained = trained.iter().map(|(index, outcome)| (&plan.runs[*index], outcome));
    verdict(trained, &format!("are in {place}"))
}

/// `ebm sweep collect`: prints the table of a sweep, and writes the files that are wanted.
fn collect(place: &Path, csv: Option<&Path>, json: Option<&Path>, sort: Option<&str>) -> Result<Exit, Failure> {
    let directory = SeriesDirectory::at(place, SWEEP);
    let manifest = Manifest::read(&directory)?;
    let outcomes = manifest.outcomes(&directory);
    let table = SweepTable::new(&manifest, &outcomes, sort)?;
    if let Some(path) = csv {
        write_whole(path, table.csv()?.as_bytes())?;
    }
    if let Some(path) = json {
        write_whole(path, table.json(&directory)?.as_bytes())?;
    }
    print(&table.text())
}

fn planned(arguments: &Sweep, spec: &Path, sweep: &config::Sweep) -> Result<(Plan, Manifest), Failure> {
    let given = arguments.out.clone().or_else(|| sweep.spec.out.clone());
    let out = given.unwrap_or_else(|| Path::new("runs").join(format!("sweep-{}", sweep.name)));
    let base = base_of(&sweep.home, arguments.data.as_deref())?;
    let manifest = Manifest::new(sweep, spec, &arguments.set, &base)?;
    let seeds = sweep.seeds.clone();
    let plan = Plan::new(SeriesDirectory::at(&out, SWEEP), base, seeds, sweep.points.len(), |index, point, seed| {
        let label = manifest.name_of(&manifest.runs[index]);
        let resolved = sweep.resolve(&sweep.points[point], seed).or_exit(Exit::Config);
        let resolved = resolved.map_err(|failure| failure.within(&format!("{} ({label})", id(index))))?;
        Ok((id(index), label, resolved))
    })?;
    different(&plan, spec)?;
    Ok((plan, manifest))
}

/// Refuses two runs with the same configuration.
fn different(plan: &Plan, spec: &Path) -> Result<(), Failure> {
    let mut known: HashMap<&str, &PlannedRun> = HashMap::new();
    for second in &plan.runs {
        if let Some(first) = known.insert(&second.text, second) {
            let (file, [first, second]) = (spec.display(), [first, second].map(named));
            fail!(
                Exit::Config,
                "{file}: runs {first} and {second} have the same configuration; expected points that differ"
            );
        }
    }
    Ok(())
}

fn named(run: &PlannedRun) -> String {
    format!("{} ({})", run.id, run.label)
}

/// Builds the models of every point once, for the data that it names. Where a build for GPUs has none, as where jobs are
/// handed in, the data are read and no more, which a warning says. `here`: they are trained on this machine, too.
fn try_to_build(plan: &Plan, here: bool) -> Result<(), Failure> {
    let device = check_device();
    if let Err(error) = &device {
        eprintln!("warning: whether the models of each point can be built is not known: {error}");
    }
    let mut last: Option<(toml::Value, Arc<dyn Dataset>)> = None;
    for run in plan.firsts() {
        let config = &run.resolved.config;
        let within = |failure: Failure| failure.within(&named(run));
        // A data set is drawn from the seed, which is the same here for every point.
        let named = toml::Value::try_from(&config.data).or_exit(Exit::Other)?;
        let data = match last.take() {
            Some((before, data)) if before == named => data,
            _ => load_data(config, &plan.base).map_err(within)?,
        };
        last = Some((named, data.clone()));
        if device.is_ok() {
            can_be_built(&run.resolved, data, here).map_err(within)?;
        }
    }
    Ok(())
}

/// Refuses a folder with another sweep: other runs, other configurations, other data. The options of Slurm and of local
/// training may differ.
fn same_sweep(plan: &Plan, manifest: &Manifest) -> Result<(), Failure> {
    let directory = &plan.directory;
    let form = |text: &str| toml::from_str(text).or_exit(Exit::RunDirectory);
    let mut differing = Manifest::read(directory)?.differs_from(manifest);
    for run in &plan.runs {
        let path = directory.config(&run.id);
        // A process that was killed may have written only a part of them.
        let Some(text) = regular::read_text(&path).ok().filter(|_| differing.is_none()) else {
            continue;
        };
        let found = form(&text).map_err(|failure| failure.within(&path.display().to_string()))?;
        let keys = differences(&found, &form(&run.text)?);
        differing = (!keys.is_empty()).then(|| format!("{} in run {}", phrase(&keys), run.id));
    }
    if let Some(differing) = differing {
        let place = directory.path.display();
        fail!(
            Exit::RunDirectory,
            "{place}: another sweep is there, with {differing}; give --out DIR to put this one elsewhere"
        );
    }
    Ok(())
}

/// Writes the files of the sweep; files that are already up to date are left alone.
fn write(plan: &Plan, manifest: &Manifest, sweep: &config::Sweep) -> Result<(), Failure> {
    let directory = &plan.directory;
    let absolute = directory.path.canonicalize().or_exit(Exit::RunDirectory)?;
    let program = std::env::current_exe().or_exit(Exit::Other)?;
    let script = script(manifest, &absolute, &program, &sweep.spec.slurm)?;
    let (sweep_name, base) = (&manifest.name, plan.base.display().to_string().escape_default().to_string());
    for run in &plan.runs {
        let (id, label, text) = (&run.id, &run.label, &run.text);
        let text = format!(
            "# Run {id} of the sweep {sweep_name}: {label}\n# Relative paths of data start from another folder: ebm train \
             {id}.toml --data {base}\n\n{text}"
        );
        directory.write_config(id, &text)?;
    }
    directory.write(POINTS, &manifest.csv()?)?;
    directory.write(SCRIPT, &script)?;
    directory.write(SPEC, &sweep.text)
}
