//! The runs of a series, planned and trained.

use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, env, io, process::Command, thread};

use super::log::{end_line, start_line};
use super::outcome::{Outcome, State};
use super::workers::{Said, run_all};
use super::{directory::SeriesDirectory, existing::Existing};
use crate::config::{PREFIX, Resolved};
use crate::exit::{Exit, Failure, OrExit};
use crate::{interrupt::Interrupt, numerals::duration};

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
    pub seed: u64,
    pub resolved: Resolved,
    /// Its configuration as it is written.
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
    pub directory: SeriesDirectory,
    /// The folder that relative paths of the configurations start from.
    pub base: PathBuf,
    pub seeds: Vec<u64>,
    pub runs: Vec<PlannedRun>,
}

impl Plan {
    /// Plans `points` points with every seed. `run` gives the id, the label and the configuration of a run, by its place in
    /// the plan, its point and its seed.
    pub fn new(
        directory: SeriesDirectory,
        base: PathBuf,
        seeds: Vec<u64>,
        points: usize,
        run: impl Fn(usize, usize, u64) -> Result<(String, String, Resolved), Failure>,
    ) -> Result<Self, Failure> {
        let plan = |(index, (point, &seed)): (usize, (usize, &u64))| {
            let (id, label, resolved) = run(index, point, seed)?;
            let text = toml::to_string(&resolved.config).or_exit(Exit::Other)?;
            Ok(PlannedRun { id, label, point, seed, resolved, text })
        };
        let all = (0..points).flat_map(|point| seeds.iter().map(move |seed| (point, seed)));
        let runs = all.enumerate().map(plan).collect::<Result<_, Failure>>()?;
        Ok(Self { directory, base, seeds, runs })
    }

    /// The run of each point with the first seed.
    pub fn firsts(&self) -> impl Iterator<Item = &PlannedRun> {
        self.runs.iter().step_by(self.seeds.len())
    }

    /// The state of each run on disk. With `overwrite`, a finished run of another configuration or other data counts as nothing.
    /// `other_data` says in which way the data of a run, at a path, differ from those of today, if they do. A run that was
    /// interrupted cannot continue on other data, and counts as nothing, too.
    pub fn existing(
        &self,
        overwrite: bool,
        mut other_data: impl FnMut(&PlannedRun, &Path) -> Result<Option<String>, Failure>,
    ) -> Result<Vec<Existing>, Failure> {
        let look = |run: &PlannedRun| {
            let place = self.directory.run(&run.id);
            let mut found = Existing::at(&place, &run.resolved.config, &self.base)?;
            if matches!(found, Existing::Finished | Existing::Begun)
                && let Some(difference) = other_data(run, &place)?
            {
                found = match found {
                    Existing::Begun => Existing::Nothing,
                    _ => Existing::Different(format!("other data ({difference})")),
                };
            }
            match found {
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
        let mut progress = Progress { at_once, wanted: wanted.len(), started: 0, ended: 0, seconds: Vec::new() };
        let held = count(Existing::Held);
        if held > 0 {
            say(&format!("runs that another process trains, left alone: {held}"))?;
        }
        say(&progress.begin(count(Existing::Finished)))?;
        let mut outcomes = BTreeMap::new();
        let command = |index: usize| self.command(index, &existing[index], at_once);
        run_all(&wanted, at_once, command, interrupt, |index, ended| {
            let (id, name) = (&self.runs[index].id, self.runs[index].name());
            match ended {
                None => {
                    self.directory.add_to_log(id, &start_line(id, "this machine"))?;
                    let line = progress.starts(&name);
                    if self.directory.kind.says_starts { say(&line) } else { Ok(()) }
                }
                Some(said) => {
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

/// Counts the runs that are trained, and words the messages about them.
struct Progress {
    at_once: usize,
    wanted: usize,
    started: usize,
    ended: usize,
    /// Seconds of each run that did not fail: training, evaluation and pictures.
    seconds: Vec<f64>,
}

impl Progress {
    /// The amount of work left, where some runs are there already.
    fn begin(&self, there: usize) -> String {
        match (there, self.wanted) {
            (0, wanted) => format!("{wanted} runs to train"),
            (there, 0) => format!("all {there} runs are there already"),
            (there, wanted) => format!("{there} runs are there already, {wanted} to train"),
        }
    }

    fn starts(&mut self, name: &str) -> String {
        self.started += 1;
        format!("[{}/{}] {name}: training", self.started, self.wanted)
    }

    fn ended(&mut self, name: &str, outcome: &Outcome, seconds: f64) -> String {
        self.ended += 1;
        if !matches!(outcome.state, State::Failed(_)) {
            self.seconds.push(seconds);
        }
        let result = match (&outcome.state, outcome.metrics.get("nll")) {
            (State::Done, Some(nll)) => format!("exact NLL {nll:.3} nats"),
            (State::Done, None) => "trained".into(),
            (state, _) => format!("{}: {}", state.word(), state.reason().unwrap_or_default()),
        };
        let (ended, wanted, taken) = (self.ended, self.wanted, duration(seconds));
        let mut text = format!("[{ended}/{wanted}] {name}: {result}, {taken}");
        let waiting = wanted - ended;
        if waiting > 0 && !self.seconds.is_empty() {
            let mean = self.seconds.iter().sum::<f64>() / self.seconds.len() as f64;
            let left = mean * waiting as f64 / self.at_once.min(waiting) as f64;
            text += &format!("; about {} left", duration(left));
        }
        text
    }
}

/// Returns how a series of runs ends the program. Runs that diverged are results; runs that failed are not. `others`
/// says where the other runs are, such as "are reported in x".
pub fn verdict<'a>(runs: impl Iterator<Item = (&'a PlannedRun, &'a Outcome)>, others: &str) -> Result<Exit, Failure> {
    let runs: Vec<_> = runs.collect();
    let failure = |(run, outcome): &(&PlannedRun, &Outcome)| match &outcome.state {
        State::Failed(reason) => Some(format!("{}: {reason}", run.name())),
        _ => None,
    };
    let failed: Vec<String> = runs.iter().filter_map(failure).collect();
    let Some(first) = failed.first() else { return Ok(Exit::Success) };
    let text = format!(
        "{} of {} runs failed, first {first}; the others {others}, and the same command trains the failed ones again",
        failed.len(),
        runs.len()
    );
    Err(Failure::message(Exit::Incomplete, text))
}
