//! `ebm compare`: trains every pair of bounds with every seed, and reports what came of it.

mod timings;

use std::collections::BTreeMap;
use std::path::Path;

use super::loaded_run::load_data;
use super::print;
use super::train::{base_of, title_of};
use crate::cli::Compare;
use crate::compare::{COMPARISON, Comparison, Pair, Row, write_report};
use crate::config::Grid;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;
use crate::ranks::Launched;
use crate::series::{Existing, Outcome, Plan, SeriesDirectory, State, verdict};
use timings::Timings;

/// Runs the command.
///
/// Nothing is written before every configuration is known to be good, its models are built, its steps were tried, and what is
/// in the directory is known to be of this comparison.
pub fn run(arguments: &Compare) -> Result<Exit, Failure> {
    if Launched::only_one("compare")?.is_none() {
        return Ok(Exit::Success);
    }
    let file = &arguments.source.config;
    let grid = Grid::load(file, &arguments.source.set).or_exit(Exit::Config)?;
    let (mut plan, pairs) = planned(arguments, &grid)?;
    plan.directory.exists()?;
    let existing = plan.existing(arguments.overwrite)?;
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let names: Vec<String> = pairs.iter().map(Pair::name).collect();
    let timings = Timings::measure(&plan, &names, arguments, &grid, &interrupt)?;

    let format = COMPARISON.format.to_string();
    let marker = BTreeMap::from([("format", Path::new(&format)), ("config", file)]);
    plan.directory.open(&marker)?;
    for run in &plan.runs {
        plan.directory.write_config(&run.id, &run.text)?;
    }
    let say = |line: &str| match arguments.quiet {
        true => Ok(()),
        false => print(&format!("{line}\n")).map(drop),
    };
    let mut trained = plan.train(&existing, arguments.jobs, &interrupt, say)?;
    let outcome = |(index, existing): (usize, &Existing)| {
        let place = plan.directory.run(&plan.runs[index].id);
        match existing {
            Existing::Finished => Outcome::read(&place),
            _ => trained.remove(&index).unwrap_or_else(|| {
                // It was left to the process that trains it.
                Outcome::new(&place, State::Failed("another process trains it".into()))
            }),
        }
    };
    let outcomes: Vec<Outcome> = existing.iter().enumerate().map(outcome).collect();

    let parts = pairs
        .into_iter()
        .zip(timings.pairs)
        .zip(outcomes.chunks(plan.seeds.len()));
    let rows = parts
        .map(|((pair, timing), outcomes)| Row::new(pair, outcomes, timing))
        .collect();
    let data = load_data(&grid.base().config, &plan.base)?;
    let comparison = Comparison {
        title: title_of(file),
        config: file.clone(),
        command: command(),
        rows,
        baseline: timings.baseline,
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

/// Resolves the configuration of every pair and seed.
fn planned(arguments: &Compare, grid: &Grid) -> Result<(Plan, Vec<Pair>), Failure> {
    let file = &arguments.source.config;
    let named = grid.names(&arguments.lower, &arguments.upper);
    let [lower, upper] = named.map_err(|message| Failure::message(Exit::Usage, message))?;
    let (first, count) = (arguments.seed_start.unwrap_or(grid.base().config.seed), arguments.seeds);
    let seeds: Option<Vec<u64>> = (0..count).map(|k| first.checked_add(k)).collect();
    let seeds = seeds.ok_or_else(|| {
        let text = format!("--seed-start {first}: {count} seeds from there are more than there are");
        Failure::message(Exit::Usage, text)
    })?;
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| Path::new("runs").join(format!("compare-{}", title_of(file))));
    let mut plan = Plan {
        directory: SeriesDirectory::at(&out, COMPARISON),
        base: base_of(file, arguments.data.as_deref())?,
        seeds,
        runs: Vec::new(),
    };
    let mut pairs = Vec::new();
    for (lower, upper) in lower
        .iter()
        .flat_map(|lower| upper.iter().map(move |upper| (lower, upper)))
    {
        let pair = Pair {
            lower: lower.clone(),
            upper: upper.clone(),
        };
        for seed in plan.seeds.clone() {
            let resolved = grid.resolve(lower, upper, seed).or_exit(Exit::Config);
            let resolved = resolved.map_err(|failure| failure.within(&pair.name()))?;
            plan.add(
                format!("{}-seed{seed}", pair.name()),
                String::new(),
                (pairs.len(), seed),
                resolved,
            )?;
        }
        pairs.push(pair);
    }
    Ok((plan, pairs))
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
    let words = std::iter::once("ebm".to_string()).chain(arguments.map(word));
    words.collect::<Vec<_>>().join(" ")
}
