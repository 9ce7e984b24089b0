//! `ebm runs`: lists, describes, verifies, restores and prunes runs.

use anyhow::Context;
use clap::Subcommand;
use ebm_eval::evaluate::Rows;
use indicatif::DecimalBytes;
use std::path::{Path, PathBuf};
use std::{fmt::Write, fs};

use super::arguments::count;
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::output::{print, print_json};
use crate::run_directory::{Checkpoint, RunDirectory, RunDirectoryError, RunStatus, State, layout, size};
use crate::shown::Shown;

#[derive(Debug, Subcommand)]
pub enum Runs {
    /// List the runs in a folder and below: bounds, steps, likelihood, size, state
    #[command(after_help = "Example:\n  ebm runs list\n  ebm runs list runs/compare-run --json")]
    List {
        /// Folder to look in
        #[arg(default_value = "runs")]
        folder: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Describe a run: its state, bounds, likelihood, checkpoints
    #[command(after_help = "Example:\n  ebm runs inspect runs/25-gaussians-seed0")]
    Inspect {
        /// Run directory
        run: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check that runs are undamaged (BLAKE3 of configuration, versions, description of the data, metrics, weights, summary
    /// and checkpoints)
    #[command(after_help = "Exit code 5 if anything is damaged.\n\nExample:\n  ebm runs verify runs/*")]
    Verify {
        /// Run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
    },
    /// Restore damaged files of a run from its last whole checkpoint
    #[command(after_help = "\
Configuration, versions and the description of the data are written as they were. If weights or the summary are damaged,
the end of the run is removed, and `ebm train --resume` writes it again.

Example:
  ebm runs restore runs/25-gaussians-seed0")]
    Restore {
        /// Run directory
        run: PathBuf,
    },
    /// Remove old checkpoints of runs that are not being trained; damaged ones stay, and do not count as kept
    #[command(after_help = "Example:\n  ebm runs prune runs/* --keep 1 --dry-run")]
    Prune {
        /// Run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Number of latest checkpoints to keep; the best one by the watched metric stays too
        #[arg(long, value_name = "K", default_value_t = 1, value_parser = count(1..))]
        keep: usize,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(command: &Runs) -> Result<Exit, Failure> {
    match command {
        Runs::List { folder, json } => list(folder, *json),
        Runs::Inspect { run, json } => inspect(run, *json),
        Runs::Verify { runs } => verify(runs),
        Runs::Restore { run } => restore(run),
        Runs::Prune { runs, keep, dry_run } => prune(runs, *keep, *dry_run),
    }
}

/// The depth to which runs are searched for: a comparison has them two folders down.
const DEPTH: usize = 4;

fn list(folder: &Path, json: bool) -> Result<Exit, Failure> {
    fs::read_dir(folder).with_context(|| folder.display().to_string()).or_exit(Exit::RunDirectory)?;
    let mut found = Vec::new();
    collect(folder, DEPTH, &mut found);
    found.sort();
    // A run may be removed while it is looked at.
    let runs: Vec<RunStatus> = found.iter().filter_map(|path| RunStatus::read(path).ok()).collect();
    if json {
        return print_json(&runs);
    }
    if runs.is_empty() {
        return print(&format!("{}: no runs\n", folder.display()));
    }
    let header = ["run", "bounds", "steps", "NLL", "size", "state"];
    let mut rows = Rows::new(header, [false, false, true, true, true, false]);
    let dash = || "-".to_string();
    for run in &runs {
        rows.push([
            Shown(run.path.display()).to_string(),
            run.bounds.clone().unwrap_or_else(dash),
            steps(run, "/"),
            run.nll.map_or_else(dash, |nll| format!("{nll:.3}")),
            DecimalBytes(run.bytes).to_string(),
            Shown(&run.state).to_string(),
        ]);
    }
    print(&rows.to_string())
}

/// Collects the runs below a folder; a run is not looked into.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if folder.join(layout::MARKER).is_file() {
        found.push(folder.into());
    } else if depth > 0 {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        // Links are not followed: they may lead around in a circle.
        for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            collect(&entry.path(), depth - 1, found);
        }
    }
}

fn inspect(path: &Path, json: bool) -> Result<Exit, Failure> {
    let run = RunStatus::read(path)?;
    if json { print_json(&run) } else { print(&described(&run)) }
}

fn described(run: &RunStatus) -> String {
    let mut text = format!("{}\n", Shown(run.path.display()));
    let mut line = |label: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {label:12}  {}", Shown(value));
    };
    line("state", run.state.to_string());
    line("made from", run.config.display().to_string());
    line("bounds", run.bounds.clone().unwrap_or_else(|| "-".into()));
    line("steps", steps(run, " of "));
    for (label, value) in [("lower", run.lower), ("NLL", run.nll), ("upper", run.upper)] {
        if let Some(value) = value {
            line(label, format!("{value:.4} nats"));
        }
    }
    line("size", DecimalBytes(run.bytes).to_string());
    for saved in &run.checkpoints {
        let time = saved.seconds.map_or("damaged".into(), |seconds| format!("after {seconds:.0} s of training"));
        let best = saved.best.as_ref().map(|(name, value)| format!(", best {name} so far: {value:.4}"));
        let best = best.unwrap_or_default();
        let (step, size) = (saved.step, DecimalBytes(saved.bytes));
        line("checkpoint", format!("step {step}, {size}, {time}{best}"));
    }
    if matches!(run.state, State::Interrupted | State::Begun) {
        let _ = writeln!(text, "go on with: ebm train --resume {}", Shown(run.path.display()));
    }
    text
}

/// The steps done, and those to be done if they are known.
fn steps(run: &RunStatus, separator: &str) -> String {
    let of = run.of.map(|of| format!("{separator}{of}"));
    format!("{}{}", run.steps, of.unwrap_or_default())
}

/// Verifies every file of every run. Everything is reported before the command fails because of damage.
fn verify(runs: &[PathBuf]) -> Result<Exit, Failure> {
    let mut damaged = 0;
    for run in runs {
        let (directory, _) = RunDirectory::open(run)?;
        let mut text = format!("{}\n", run.display());
        for (part, outcome) in parts(&directory) {
            damaged += usize::from(outcome.is_err());
            let verdict = outcome.unwrap_or_else(|error| format!("DAMAGED: {error}"));
            text.push_str(&format!("  {}\n", Shown(format_args!("{part}: {verdict}"))));
        }
        print(&text)?;
    }
    if damaged > 0 {
        fail!(Exit::RunDirectory, "damaged parts: {damaged}");
    }
    Ok(Exit::Success)
}

/// The parts of a run, each with a remark or with its damage and what to do about it.
fn parts(directory: &RunDirectory) -> Vec<(String, Result<String, String>)> {
    let files = directory.verify().into_iter();
    let mut parts: Vec<_> =
        files.map(|(name, outcome)| (label(&name), outcome.map_err(|error| error.to_string()))).collect();
    // One that another process removes meanwhile is no damage.
    let found = |checkpoint: Checkpoint| (directory.verify_checkpoint(&checkpoint), checkpoint);
    let still =
        |(verified, checkpoint): &(Result<_, RunDirectoryError>, Checkpoint)| verified.is_ok() || checkpoint.is_there();
    for (verified, checkpoint) in directory.checkpoints().list().into_iter().map(found).filter(still) {
        let verified = match verified {
            Ok(manifest) => {
                let remark = match manifest.checksum {
                    Some(_) => "",
                    None => "; its manifest without a checksum: written by an earlier version",
                };
                Ok(format!("good, {} files{remark}", manifest.files.len()))
            }
            Err(error) if directory.last_whole().is_some() => Err(format!(
                "{error}; ebm train --resume goes on from the last whole one, and this folder may be removed"
            )),
            Err(error) => Err(format!("{error}; no checkpoint is whole")),
        };
        parts.push((format!("checkpoint of step {}", checkpoint.step), verified));
    }
    parts
}

fn label(name: &str) -> String {
    let player = Path::new(name).file_stem().unwrap_or_default().display();
    match name {
        layout::CONFIG => "configuration".into(),
        layout::METRICS => "metrics".into(),
        layout::SUMMARY => "summary".into(),
        layout::VERSIONS => "versions".into(),
        layout::DATA => "data".into(),
        _ if name.starts_with(layout::WEIGHTS) => format!("weights of {player}"),
        _ => name.into(),
    }
}

/// Puts the damaged files of a run back.
fn restore(run: &Path) -> Result<Exit, Failure> {
    let (directory, _) = RunDirectory::take(run)?;
    let done = directory.restore()?;
    if done.is_empty() {
        return print(&format!("{}: nothing to restore\n", run.display()));
    }
    print(&done.iter().map(|done| format!("{}: {}\n", run.display(), Shown(done))).collect::<String>())
}

/// Removes all but the last whole checkpoints, and the best, of runs that are not being trained. Damaged ones stay: what counts
/// as kept is what the run can go on from.
fn prune(runs: &[PathBuf], keep: usize, dry: bool) -> Result<Exit, Failure> {
    for run in runs {
        let (directory, _) = RunDirectory::take(run)?;
        let checkpoints = directory.checkpoints();
        if !dry {
            checkpoints.sweep()?;
        }
        let mut whole = Vec::new();
        for checkpoint in checkpoints.list() {
            match directory.verify_checkpoint(&checkpoint) {
                Ok(_) => whole.push(checkpoint),
                Err(error) => {
                    let (run, step) = (run.display(), checkpoint.step);
                    let error = Shown(error);
                    print(&format!("{run}: skipped the checkpoint of step {step}, which is damaged: {error}\n"))?;
                }
            }
        }
        let mut old = checkpoints.old(whole, keep);
        let freed: u64 = old.iter().map(|checkpoint| size(&checkpoint.path)).sum();
        let stay = if dry { Vec::new() } else { checkpoints.remove(&old) };
        old.retain(|checkpoint| dry || !checkpoint.is_there());
        let steps: Vec<String> = old.iter().map(|checkpoint| checkpoint.step.to_string()).collect();
        let verb = if dry { "would remove" } else { "removed" };
        let what = match &steps[..] {
            [] => "nothing to remove".into(),
            steps => format!("{verb} checkpoints of steps {} ({})", steps.join(", "), DecimalBytes(freed)),
        };
        print(&format!("{}: {what}\n", run.display()))?;
        if let Some(error) = stay.into_iter().next() {
            return Err(error.into());
        }
    }
    Ok(Exit::Success)
}
