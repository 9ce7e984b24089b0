//! `ebm compare`: trains every pair of bounds with every seed, and reports the results.

mod timings;

use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

use super::arguments::{Source, base_of, title_of};
use super::{changed_data::changed_data, loaded_run::load_data};
use crate::compare::{COMPARISON, Comparison, Pair, Row, write_report};
use crate::config::{Grid, MOST_JOBS};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::series::{Existing, Outcome, Plan, SeriesDirectory, State, quoted, verdict};
use crate::{interrupt::Interrupt, output::say, ranks::Launched};
use timings::timings;

#[derive(Args, Debug)]
#[command(after_help = "\
Every pair of a lower and an upper bound is trained with every seed, each run in a directory of
its own under DIR/runs. DIR then holds table.md, table.csv, table.json, report.html and pictures:
exact NLL, gap between the bounds, modes, good samples, how often the sandwich held, steps/s,
cost and divergence, as mean and standard deviation over the seeds.

Nothing is trained before the whole grid has been checked. Finished runs are not trained again,
so the same command continues after an interruption; a run of another configuration is refused,
or replaced with --overwrite. A run that diverges is a result, and the grid continues.

NAME is a kind from `ebm bounds list`, or a table [compare.lower.NAME] or [compare.upper.NAME]
of the configuration with options (and a `kind`, if the name is not one).
[compare.pair.\"LOWER+UPPER\"] holds any values for a pair; either name may be *. Values come from,
in this order: --set, the environment, the closest pair, the bound's table, the file.

Examples:
  ebm compare run.toml --lower sv --upper gp,zero-gp,none --seeds 5
  ebm compare run.toml --upper gp,none --seeds 3 --set train.steps=5000 --out runs/short --jobs 2
  ebm compare run.toml --baseline examples/baselines/wgan-gp-25-gaussians.toml
  ebm compare stacked-mnist.toml --lower sv,mi --seeds 2 --data ~/data")]
pub struct Compare {
    /// The configuration.
    #[command(flatten)]
    pub source: Source,
    /// Lower bounds, separated by commas [default: the configuration's own]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub lower: Vec<String>,
    /// Upper bounds, separated by commas [default: the configuration's own]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub upper: Vec<String>,
    /// Number of seeds that each pair is trained with
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub seeds: u64,
    /// First seed [default: that of the configuration]
    #[arg(long, value_name = "N")]
    pub seed_start: Option<u64>,
    /// Directory of the comparison [default: runs/compare-<name of the configuration>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Configuration that the cost of a step is relative to; it is timed, not trained [default: the first pair]
    ///
    /// The environment and --set apply to it too, except for lower and upper bounds.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Folder that relative data paths start from, the baseline's too [default: those of the configuration files]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Runs to train at once, each with its share of the processor's cores
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_JOBS)))]
    pub jobs: u32,
    /// Replace runs of another configuration or other data
    #[arg(long)]
    pub overwrite: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Nothing is written before every configuration is known to be good, its models are built, its steps were tried, and what is
/// in the directory is known to belong to this comparison.
pub fn run(arguments: &Compare) -> Result<Exit, Failure> {
    if Launched::only_one("compare")?.is_none() {
        return Ok(Exit::Success);
    }
    let file = &arguments.source.config;
    let grid = Grid::load(file, arguments.data.as_deref(), &arguments.source.set).or_exit(Exit::Config)?;
    let (mut plan, pairs) = planned(arguments, &grid)?;
    plan.directory.exists()?;
    let existing = plan.existing(arguments.overwrite, changed_data(&plan.base))?;
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let names: Vec<String> = pairs.iter().map(Pair::name).collect();
    let baseline = |file: &PathBuf| -> Result<_, Failure> {
        let resolved = grid.baseline(file, arguments.data.as_deref()).or_exit(Exit::Config)?;
        Ok((title_of(file), resolved, base_of(file, arguments.data.as_deref())?))
    };
    let baseline = arguments.baseline.as_ref().map(baseline).transpose()?;
    let (timings, baseline) = timings(&plan, &names, baseline, arguments.quiet, &interrupt)?;

    let marker = json!({"format": COMPARISON.format.to_string(), "config": file});
    plan.directory.open(&marker)?;
    for run in &plan.runs {
        plan.directory.write_config(&run.id, &run.text)?;
    }
    let say = |line: &str| say(arguments.quiet, line);
    let mut trained = plan.train(&existing, arguments.jobs, &interrupt, say)?;
    let outcome = |(index, existing): (usize, &Existing)| {
        let place = plan.directory.run(&plan.runs[index].id);
        // One that was not trained here was left to the process that trains it.
        let held = || Outcome::new(&place, State::Failed("another process trains it".into()));
        match existing {
            Existing::Finished => Outcome::read(&place),
            _ => trained.remove(&index).unwrap_or_else(held),
        }
    };
    let outcomes: Vec<Outcome> = existing.iter().enumerate().map(outcome).collect();

    let parts = pairs.into_iter().zip(timings).zip(outcomes.chunks(plan.seeds.len()));
    let rows = parts.map(|((pair, timing), outcomes)| Row::new(pair, outcomes, timing)).collect();
    let data = load_data(&grid.base().config, &plan.base)?;
    let comparison = Comparison {
        title: title_of(file),
        config: file.clone(),
        command: command(),
        rows,
        baseline,
        modes: data.modes().map(|modes| modes.centres.len()),
        entropy: data.entropy(),
        plan: &plan,
        outcomes,
    };
    let table = write_report(&comparison)?;
    let report = plan.directory.path.join("report.html");
    say(&format!("\n{table}\nreport: {}", report.display()))?;
    verdict(comparison.runs(), &format!("are reported in {}", report.display()))
}

fn planned(arguments: &Compare, grid: &Grid) -> Result<(Plan, Vec<Pair>), Failure> {
    let file = &arguments.source.config;
    let named = grid.names(&arguments.lower, &arguments.upper);
    let [lower, upper] = named.map_err(|message| Failure::message(Exit::Usage, message))?;
    let (first, count) = (arguments.seed_start.unwrap_or(grid.base().config.seed), arguments.seeds);
    let Some(seeds) = (0..count).map(|k| first.checked_add(k)).collect() else {
        fail!(Exit::Usage, "--seed-start {first}: {count} seeds from there are more than there are");
    };
    let named = || Path::new("runs").join(format!("compare-{}", title_of(file)));
    let out = arguments.out.clone().unwrap_or_else(named);
    let pair = |(lower, upper): (&String, &String)| Pair { lower: lower.clone(), upper: upper.clone() };
    let pairs = lower.iter().flat_map(|lower| upper.iter().map(move |upper| (lower, upper)));
    let pairs: Vec<Pair> = pairs.map(pair).collect();
    let base = base_of(file, arguments.data.as_deref())?;
    let plan = Plan::new(SeriesDirectory::at(&out, COMPARISON), base, seeds, pairs.len(), |_, point, seed| {
        let pair = &pairs[point];
        let resolved = grid.resolve(&pair.lower, &pair.upper, seed).or_exit(Exit::Config);
        let resolved = resolved.map_err(|failure| failure.within(&pair.name()))?;
        Ok((format!("{}-seed{seed}", pair.name()), String::new(), resolved))
    })?;
    Ok((plan, pairs))
}

/// The command that repeats the comparison.
fn command() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(plain);
    let word = |text: String| if is_plain(&text) { text } else { quoted(&text) };
    let arguments = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned());
    let words = std::iter::once("ebm".to_string()).chain(arguments.map(word));
    words.collect::<Vec<_>>().join(" ")
}
