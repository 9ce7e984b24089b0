//! The runs of a series, planned and trained.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{env, io, thread};

use super::directory::SeriesDirectory;
use super::existing::Existing;
use super::log::{end_line, start_line};
use super::outcome::{Outcome, State};
use super::progress::Progress;
use super::workers::{Event, Said, run_all};
use crate::config::{PREFIX, Resolved};
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;

/// The variable that tells a process how many threads to use.
const THREADS: &str = "RAYON_NUM_THREADS";

/// A run of a series, its configuration resolved.
#[derive(Debug)]
pub struct PlannedRun {
    /// Its name in the folder: `0003`, or `sv+gp-seed0`.
    pub id: String,
    /// The settings that identify the run where its id does not, such as `weight=0.5 seed=1`.
    pub label: String,
    /// Its point, counted from 0.
    pub point: usize,
    /// Its seed.
    pub seed: u64,
    /// Its configuration.
    pub resolved: Resolved,
    /// The same, as it is written.
    pub text: String,
}

impl PlannedRun {
    /// The name of the run in messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.id, self.label).trim_end().into()
    }
}

/// The runs of a series: every point with all of its seeds, one point after the other.
#[derive(Debug)]
pub struct Plan {
    /// The folder of the series.
    pub directory: SeriesDirectory,
    /// The folder that relative paths of the configurations start from.
    pub base: PathBuf,
    /// The seeds of every point.
    pub seeds: Vec<u64>,
    /// The runs.
    pub runs: Vec<PlannedRun>,
}

impl Plan {
    /// Adds a run of a point.
    pub fn add(&mut self, id: String, label: String, point: usize, seed: u64, config: Resolved) -> Result<(), Failure> {
        self.runs.push(PlannedRun {
            text: toml::to_string(&config.config).or_exit(Exit::Other)?,
            resolved: config,
            id,
            label,
            point,
            seed,
        });
        Ok(())
    }

    /// The run of each point with the first seed.
    pub fn firsts(&self) -> impl Iterator<Item = &PlannedRun> {
        self.runs.iter().step_by(self.seeds.len())
    }

    /// The state of each run on disk. With `overwrite`, a finished run of another configuration counts as nothing.
    pub fn existing(&self, overwrite: bool) -> Result<Vec<Existing>, Failure> {
        let look = |run: &PlannedRun| {
            let place = self.directory.run(&run.id);
            match Existing::at(&place, &run.resolved.config, &self.base)? {
                Existing::Different(_) if overwrite => Ok(Existing::Nothing),
                Existing::Different(differing) => {
                    let (place, kind) = (place.display(), self.directory.kind);
                    let text = format!(
                        "{place}: a finished run is there, with {differing}; {}, or give --out DIR to put this {} elsewhere",
                        kind.remedy, kind.noun
                    );
                    Err(Failure::message(Exit::RunDirectory, text))
                }
                existing => Ok(existing),
            }
        };
        self.runs.iter().map(look).collect()
    }

    /// Trains the runs that are neither finished nor held by another process, `jobs` at a time, and says what happens.
    /// Returns the outcomes of those runs by their place in the plan.
    pub fn train(
        &self,
        existing: &[Existing],
        jobs: u32,
        interrupt: &Interrupt,
        say: impl Fn(&str) -> Result<(), Failure>,
    ) -> Result<BTreeMap<usize, Outcome>, Failure> {
        let at_once = usize::try_from(jobs).unwrap_or(1);
        let count = |kind: Existing| existing.iter().filter(|existing| **existing == kind).count();
        let is_wanted = |run: &usize| ![Existing::Finished, Existing::Held].contains(&existing[*run]);
        let wanted: Vec<usize> = (0..self.runs.len()).filter(is_wanted).collect();
        let mut progress = Progress::new(at_once, wanted.len());
        let held = count(Existing::Held);
        if held > 0 {
            say(&format!("runs that another process trains, left alone: {held}"))?;
        }
        say(&progress.begin(count(Existing::Finished)))?;
        let mut outcomes = BTreeMap::new();
        let command = |index: usize| self.command(index, &existing[index], at_once);
        run_all(&wanted, at_once, command, interrupt, |index, event| {
            let (id, name) = (&self.runs[index].id, self.runs[index].name());
            match event {
                Event::Starts => {
                    self.directory.add_to_log(id, &start_line(id, "this machine"))?;
                    let line = progress.starts(&name);
                    match self.directory.kind.says_starts {
                        true => say(&line),
                        false => Ok(()),
                    }
                }
                Event::Ended(said) => {
                    let end = end_line(id, &said.code().to_string());
                    let lines = format!("{}\n{end}", said.text.trim_end());
                    self.directory.add_to_log(id, lines.trim_start_matches('\n'))?;
                    let outcome = self.outcome(index, &said);
                    say(&progress.ended(&name, &outcome, said.seconds))?;
                    outcomes.insert(index, outcome);
                    Ok(())
                }
            }
        })?;
        interrupt.check()?;
        Ok(outcomes)
    }

    /// The process that trains a run.
    fn command(&self, index: usize, existing: &Existing, at_once: usize) -> io::Result<Command> {
        let id = &self.runs[index].id;
        let mut command = Command::new(env::current_exe()?);
        command.arg("train").arg(self.directory.config(id));
        command.arg("--quiet").arg("--base").arg(&self.base);
        match existing {
            Existing::Begun => command.arg("--resume"),
            _ => command.arg("--overwrite").arg("--run"),
        };
        command.arg(self.directory.run(id));
        // The configuration is resolved already.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
            command.env_remove(name);
        }
        if at_once > 1 && env::var_os(THREADS).is_none() {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            command.env(THREADS, (cores / at_once).max(1).to_string());
        }
        Ok(command)
    }

    /// The outcome of a run whose process just ended.
    fn outcome(&self, index: usize, said: &Said) -> Outcome {
        let run = &self.runs[index];
        let place = self.directory.run(&run.id);
        match Existing::at(&place, &run.resolved.config, &self.base) {
            Ok(Existing::Finished) => Outcome::read(&place),
            // A process that fails early leaves what was there before.
            _ => Outcome::new(&place, State::Failed(said.reason())),
        }
    }
}

/// Returns how a series of runs ends the program. Runs that diverged are results; runs that failed are not. `others`
/// says where the other runs are, such as "are reported in x".
pub fn verdict<'a>(runs: impl Iterator<Item = (&'a PlannedRun, &'a Outcome)>, others: &str) -> Result<Exit, Failure> {
    let (mut count, mut failed) = (0, Vec::new());
    for (run, outcome) in runs {
        count += 1;
        if let State::Failed(reason) = &outcome.state {
            failed.push((run.name(), reason));
        }
    }
    let Some((name, reason)) = failed.first() else {
        return Ok(Exit::Success);
    };
    let text = format!(
        "{} of {count} runs failed, first {name}: {reason}; the others {others}, and the same command trains the failed ones \
         again",
        failed.len()
    );
    Err(Failure::message(Exit::Incomplete, text))
}
