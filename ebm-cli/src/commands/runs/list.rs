//! `ebm runs list`: a line a run.

use std::fs;
use std::path::{Path, PathBuf};

use super::bytes;
use crate::commands::print;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Standing, layout};

/// How deep runs are looked for: a comparison has them two folders down.
const DEPTH: usize = 4;

/// Lists the runs in a folder and below.
///
/// # Errors
/// If the folder cannot be read.
pub fn run(folder: &Path, json: bool) -> Result<Exit, Failure> {
    fs::read_dir(folder)
        .map_err(|error| Failure::message(Exit::RunDirectory, format!("{}: {error}", folder.display())))?;
    let mut found = Vec::new();
    collect(folder, DEPTH, &mut found);
    found.sort();
    // A run may be removed while it is looked at.
    let runs: Vec<Standing> = found.iter().filter_map(|path| Standing::of(path).ok()).collect();
    if json {
        return print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&runs).or_exit(Exit::Other)?
        ));
    }
    if runs.is_empty() {
        return print(&format!("{}: no runs\n", folder.display()));
    }
    let header = ["run", "bounds", "steps", "NLL", "size", "state"].map(String::from);
    let rows: Vec<_> = std::iter::once(header).chain(runs.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let [run, bounds, steps, nll, size, state] = row;
        let [a, b, c, d, e, _] = widths;
        format!("{run:a$}  {bounds:b$}  {steps:>c$}  {nll:>d$}  {size:>e$}  {state}\n")
    };
    print(&rows.iter().map(line).collect::<String>())
}

fn row(run: &Standing) -> [String; 6] {
    let dash = || "-".to_string();
    [
        run.path.display().to_string(),
        run.bounds.clone().unwrap_or_else(dash),
        run.of
            .map_or_else(|| run.steps.to_string(), |of| format!("{}/{of}", run.steps)),
        run.nll.map_or_else(dash, |nll| format!("{nll:.3}")),
        bytes(run.bytes),
        run.state.to_string(),
    ]
}

/// Runs below a folder; a run is not looked into.
fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if folder.join(layout::MARKER).is_file() {
        found.push(folder.into());
        return;
    }
    if depth == 0 {
        return;
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    // Links are not followed: they may lead around in a circle.
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        collect(&entry.path(), depth - 1, found);
    }
}
