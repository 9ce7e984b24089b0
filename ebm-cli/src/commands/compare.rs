//! `ebm compare`: train a grid of pairs of bounds and seeds, and say what it came to.

use ebm_core::data::Dataset;
use ebm_core::registry::SupportedGeometry;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fresh_trainer::{fresh_trainer, training_failure};
use super::loaded_run::load_data;
use super::print;
use super::train::{base_of, title_of};
use crate::cli::Compare;
use crate::compare::{
    Baseline, Cell, Comparison, ComparisonDirectory, ComparisonMarker, Difference, End, Event, Interrupt, Pace, Pair,
    Record, Row, Standing, Stepper, Task, differences, measure, train_all, write_report,
};
use crate::config::{Grid, Resolved};
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};

/// Does it.
///
/// Nothing is written before every configuration of the grid is known to be good, its models are built, its steps were
/// tried, and what is in the directory is known to be of this grid.
///
/// # Errors
/// If a configuration, the data or the directory cannot be used, somebody asks to stop, or runs fail.
pub fn run(arguments: &Compare) -> Result<Exit, Failure> {
    let file = &arguments.source.config;
    let grid = Grid::load(file, &arguments.source.set).or_exit(Exit::Config)?;
    let plan = Plan::of(arguments, &grid)?;
    ComparisonDirectory::look(&plan.out)?;
    let standings = plan.standings(arguments.overwrite)?;
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let timed = plan.timed(arguments, &grid, &interrupt)?;

    let directory = ComparisonDirectory::open(&plan.out, &ComparisonMarker::new(file))?;
    let mut records: Vec<Option<Record>> = vec![None; plan.cells.len()];
    let mut tasks = Vec::new();
    for (index, (cell, resolved)) in plan.cells.iter().enumerate() {
        let text = toml::to_string(&resolved.config).or_exit(Exit::Other)?;
        let config = directory.write_config(&cell.name, &text)?;
        match standings[index] {
            Standing::Finished => records[index] = Some(Record::read(&plan.place(cell))),
            _ => tasks.push(Task {
                cell: index,
                config,
                base: plan.base.clone(),
                run: plan.place(cell),
            }),
        }
    }
    let mut told = Told::new(arguments, tasks.len(), plan.cells.len());
    told.begin()?;
    train_all(tasks, told.at_once, &interrupt, |task, event| {
        let (cell, _) = &plan.cells[task.cell];
        match event {
            Event::Started => told.started(cell),
            Event::Ended(said) => {
                let record = plan.record(task.cell, said);
                told.ended(cell, &record)?;
                records[task.cell] = Some(record);
                Ok(())
            }
        }
    })?;
    interrupt.check()?;
    let comparison = plan.comparison(&grid, records, timed)?;
    let table = write_report(&comparison, &directory)?;
    let report = plan.out.join("report.html");
    if !arguments.quiet {
        print(&format!("\n{table}\nreport: {}\n", report.display()))?;
    }
    verdict(&comparison, &report)
}

/// The grid, resolved.
struct Plan {
    out: PathBuf,
    base: PathBuf,
    title: String,
    config: PathBuf,
    seeds: Vec<u64>,
    pairs: Vec<Pair>,
    /// Every run, pair by pair.
    cells: Vec<(Cell, Resolved)>,
}

impl Plan {
    fn of(arguments: &Compare, grid: &Grid) -> Result<Self, Failure> {
        let file = &arguments.source.config;
        let title = title_of(file);
        let named = grid.names(&arguments.lower, &arguments.upper);
        let (lower, upper) = named.map_err(|message| Failure::message(Exit::Usage, message))?;
        let start = arguments.seed_start.unwrap_or(grid.base().config.seed);
        let seeds: Option<Vec<u64>> = (0..arguments.seeds).map(|k| start.checked_add(k)).collect();
        let seeds = seeds.ok_or_else(|| {
            let text = format!(
                "--seed-start {start}: {} seeds from there are more than there are",
                arguments.seeds
            );
            Failure::message(Exit::Usage, text)
        })?;
        let pair = |lower: &String| {
            let pair = |upper: &String| Pair {
                lower: lower.clone(),
                upper: upper.clone(),
            };
            upper.iter().map(pair).collect::<Vec<_>>()
        };
        let pairs: Vec<Pair> = lower.iter().flat_map(pair).collect();
        let mut cells = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            for &seed in &seeds {
                let resolved = grid.resolve(&pair.lower, &pair.upper, seed);
                let cell = Cell {
                    pair: index,
                    seed,
                    name: format!("{}-seed{seed}", pair.name()),
                };
                cells.push((
                    cell,
                    resolved
                        .or_exit(Exit::Config)
                        .map_err(|error| within(&pair.name(), error))?,
                ));
            }
        }
        Ok(Self {
            out: arguments
                .out
                .clone()
                .unwrap_or_else(|| Path::new("runs").join(format!("compare-{title}"))),
            base: base_of(file).or_exit(Exit::Config)?,
            title,
            config: file.clone(),
            seeds,
            pairs,
            cells,
        })
    }

    /// The directory of a run.
    fn place(&self, cell: &Cell) -> PathBuf {
        ComparisonDirectory::run_of(&self.out, &cell.name)
    }

    /// What of each run is there already.
    fn standings(&self, overwrite: bool) -> Result<Vec<Standing>, Failure> {
        let mut standings = Vec::new();
        for (cell, resolved) in &self.cells {
            let place = self.place(cell);
            let standing = Standing::of(&place, &resolved.config, &self.base)?;
            if let (Standing::Different(differing), false) = (&standing, overwrite) {
                let text = format!(
                    "{}: a finished run is there, with {differing}; give --overwrite to replace it, or --out DIR to put this \
                     comparison elsewhere",
                    place.display()
                );
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            standings.push(standing);
        }
        Ok(standings)
    }

    /// The first seed's configuration of each pair.
    fn firsts(&self) -> impl Iterator<Item = &Resolved> {
        self.cells
            .iter()
            .step_by(self.seeds.len())
            .map(|(_, resolved)| resolved)
    }

    /// Builds the models of each pair and of the baseline, and times their steps.
    fn timed(&self, arguments: &Compare, grid: &Grid, interrupt: &Interrupt) -> Result<Timed, Failure> {
        let mut names: Vec<String> = self.pairs.iter().map(Pair::name).collect();
        let mut configs: Vec<(&Resolved, &Path)> = self.firsts().map(|resolved| (resolved, &*self.base)).collect();
        let other = match &arguments.baseline {
            None => None,
            Some(file) => {
                let resolved = grid.baseline(file).or_exit(Exit::Config)?;
                Some((resolved, base_of(file).or_exit(Exit::Config)?, title_of(file)))
            }
        };
        if let Some((resolved, base, name)) = &other {
            names.push(name.clone());
            configs.push((resolved, base));
        }
        let mut steppers = Vec::new();
        for ((resolved, base), name) in configs.iter().zip(&names) {
            steppers.push(stepper(resolved, base).map_err(|error| within(name, error))?);
        }
        if !arguments.quiet {
            print(&format!("timing the steps of {}\n", names.join(", ")))?;
        }
        let mut paces = measure(&mut steppers, interrupt, |index, error| {
            within(&names[index], training_failure(configs[index].0, error))
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
        let unlike = self
            .firsts()
            .map(|resolved| Ok(differences(&work, &work_of(resolved)?)));
        Ok(Timed {
            unlike: unlike.collect::<Result<_, Failure>>()?,
            paces,
            baseline: Baseline {
                name: name.cloned().unwrap_or_default(),
                steps_per_second: pace.and_then(|pace| pace.seconds()).map(|seconds| 1.0 / seconds),
            },
        })
    }

    /// How a run ended that was trained just now; `said` is what its process said.
    fn record(&self, index: usize, said: String) -> Record {
        let (cell, resolved) = &self.cells[index];
        let place = self.place(cell);
        // A process that fails early leaves what was there before.
        match Standing::of(&place, &resolved.config, &self.base) {
            Ok(Standing::Finished) => Record::read(&place),
            _ => Record::failed(&place, said),
        }
    }

    fn comparison(&self, grid: &Grid, records: Vec<Option<Record>>, timed: Timed) -> Result<Comparison, Failure> {
        let data = load_data(&grid.base().config, &self.base)?;
        let runs: Vec<(Cell, Record)> = self
            .cells
            .iter()
            .zip(records)
            .map(|((cell, _), record)| {
                let missing = || Record::failed(&self.place(cell), "it was not trained");
                (cell.clone(), record.unwrap_or_else(missing))
            })
            .collect();
        let parts = self.pairs.iter().zip(&timed.paces).zip(timed.unlike);
        let rows = parts.enumerate().map(|(index, ((pair, pace), unlike))| {
            let own = runs.iter().filter(|(cell, _)| cell.pair == index);
            let own: Vec<_> = own.map(|(_, record)| record).collect();
            Row::of(pair.clone(), &own, pace, &timed.baseline, unlike)
        });
        Ok(Comparison {
            title: self.title.clone(),
            config: self.config.clone(),
            command: command(),
            seeds: self.seeds.clone(),
            rows: rows.collect(),
            baseline: timed.baseline.clone(),
            modes: data.modes().map(|modes| modes.centres.len()),
            entropy: data.entropy(),
            runs,
        })
    }
}

/// What a step of each pair costs.
struct Timed {
    paces: Vec<Pace>,
    baseline: Baseline,
    /// Where each pair differs from the baseline in what a step costs beside the bounds.
    unlike: Vec<Vec<Difference>>,
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

/// The same failure, with the part of the grid it is about.
fn within(name: &str, failure: Failure) -> Failure {
    let Failure { exit, error } = failure;
    Failure {
        exit,
        error: error.context(name.to_string()),
    }
}

/// What a person is told while the runs are trained.
struct Told {
    quiet: bool,
    at_once: usize,
    wanted: usize,
    all: usize,
    started: usize,
    /// Seconds of each run that ended.
    seconds: Vec<f64>,
    ended: usize,
}

impl Told {
    fn new(arguments: &Compare, wanted: usize, all: usize) -> Self {
        Self {
            quiet: arguments.quiet,
            at_once: usize::try_from(arguments.jobs).unwrap_or(1),
            wanted,
            all,
            started: 0,
            seconds: Vec::new(),
            ended: 0,
        }
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        match self.quiet {
            true => Ok(()),
            false => print(&format!("{text}\n")).map(drop),
        }
    }

    fn begin(&self) -> Result<(), Failure> {
        self.say(&match (self.all - self.wanted, self.wanted) {
            (0, wanted) => format!("{wanted} runs to train"),
            (there, 0) => format!("all {there} runs are there already"),
            (there, wanted) => format!("{there} runs are there already, {wanted} to train"),
        })
    }

    fn started(&mut self, cell: &Cell) -> Result<(), Failure> {
        self.started += 1;
        self.say(&format!("[{}/{}] {}: training", self.started, self.wanted, cell.name))
    }

    fn ended(&mut self, cell: &Cell, record: &Record) -> Result<(), Failure> {
        self.ended += 1;
        self.seconds.extend(record.seconds);
        let outcome = match (&record.end, record.figures.get("nll")) {
            (End::Sound, Some(nll)) => format!("exact NLL {nll:.3} nats"),
            (End::Sound, None) => "trained".into(),
            (End::Diverged(reason), _) => format!("diverged: {reason}"),
            (End::Failed(reason), _) => format!("failed: {reason}"),
        };
        let mut text = format!("[{}/{}] {}: {outcome}", self.ended, self.wanted, cell.name);
        if let Some(seconds) = record.seconds {
            text.push_str(&format!(", {}", duration(seconds)));
        }
        let waiting = self.wanted - self.ended;
        if waiting > 0 && !self.seconds.is_empty() {
            let mean = self.seconds.iter().sum::<f64>() / self.seconds.len() as f64;
            let left = mean * waiting as f64 / self.at_once.min(waiting) as f64;
            text.push_str(&format!("; about {} left", duration(left)));
        }
        self.say(&text)
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// The command, to be given again.
fn command() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    let word = |text: String| match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    };
    let arguments = std::env::args_os()
        .skip(1)
        .map(|text| text.to_string_lossy().into_owned());
    std::iter::once("ebm".to_string())
        .chain(arguments.map(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs that diverged are results; runs that failed are not.
fn verdict(comparison: &Comparison, report: &Path) -> Result<Exit, Failure> {
    let failed = comparison.runs.iter().filter_map(|(cell, record)| match &record.end {
        End::Failed(reason) => Some((&cell.name, reason)),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    match failed.first() {
        None => Ok(Exit::Success),
        Some((name, reason)) => Err(Failure::message(
            Exit::Incomplete,
            format!(
                "{} of {} runs failed, first {name}: {reason}; the others are reported in {}, and the same command trains \
                 the failed ones again",
                failed.len(),
                comparison.runs.len(),
                report.display()
            ),
        )),
    }
}
