//! The result of a comparison: a row for each pair of bounds.

use ebm_core::bounds::Level;
use serde::Serialize;
use std::path::PathBuf;

use crate::run_directory::Format;
use crate::series::{Difference, Kind, Outcome, Plan, PlannedRun, State, Summary};

const PICTURES: &str = "pictures";

pub const COMPARISON: Kind = Kind {
    marker: "compare.json",
    format: Format::new("ebm comparison", 1),
    noun: "comparison",
    act: "compares",
    remedy: "give --overwrite to replace it",
    says_starts: true,
    folders: &[PICTURES],
};

/// A pair of bounds, by their names in the comparison.
#[derive(Clone, Debug)]
pub struct Pair {
    pub lower: String,
    pub upper: String,
}

impl Pair {
    /// "sv+gp"
    pub fn name(&self) -> String {
        format!("{}+{}", self.lower, self.upper)
    }
}

/// The speed of a pair's training steps.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Training steps a second, without reports and evaluations; or why they could not be timed.
    pub rate: Result<f64, String>,
    /// The settings beside the bounds that affect the time of a step and differ between the pair and the baseline.
    pub unlike_baseline: Vec<Difference>,
}

/// The reference that costs are relative to: a pair of the comparison, or a configuration file.
#[derive(Clone, Debug, Serialize)]
pub struct Baseline {
    pub name: String,
    /// Absent if it broke down before it could be timed.
    pub steps_per_second: Option<f64>,
}

/// Number of times that a bound was on its side of the exact likelihood, over the evaluations of all runs of a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    pub held: usize,
    /// Evaluations that had the bound and the likelihood, both finite.
    pub evaluations: usize,
    /// The weakest claim made about it.
    pub guarantee: Level,
}

impl Held {
    fn of(outcomes: &[Outcome], side: &str) -> Option<Self> {
        let sandwiches = outcomes.iter().flat_map(|outcome| outcome.sandwiches.values());
        let sides = sandwiches.flat_map(|sandwich| sandwich.sides());
        let judged = sides.filter(|(name, _)| *name == side).filter_map(|(_, side)| Some((side.verdict()?, side)));
        let judged: Vec<_> = judged.collect();
        Some(Self {
            held: judged.iter().filter(|(held, _)| *held).count(),
            evaluations: judged.len(),
            guarantee: judged.iter().map(|(_, side)| side.guarantee.level).min()?,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub pair: Pair,
    /// Its runs; means are over those that did not diverge.
    pub summary: Summary,
    /// The verdicts on the lower and the upper bound.
    pub held: [Option<Held>; 2],
    pub timing: Timing,
}

impl Row {
    pub fn new(pair: Pair, outcomes: &[Outcome], timing: Timing) -> Self {
        let held = ["lower", "upper"].map(|side| Held::of(outcomes, side));
        Self { pair, summary: Summary::of(outcomes), held, timing }
    }

    /// The time of a step, relative to the baseline's.
    pub fn cost(&self, baseline: &Baseline) -> Option<f64> {
        Some(baseline.steps_per_second? / self.timing.rate.as_ref().ok()?)
    }
}

#[derive(Debug)]
pub struct Comparison<'a> {
    /// The heading: the name of the configuration.
    pub title: String,
    pub config: PathBuf,
    pub command: String,
    pub baseline: Baseline,
    /// Modes of the data, where it has separate ones.
    pub modes: Option<usize>,
    /// Entropy of the data in nats, where it is known.
    pub entropy: Option<f64>,
    pub rows: Vec<Row>,
    pub plan: &'a Plan,
    pub outcomes: Vec<Outcome>,
}

impl Comparison<'_> {
    pub(super) fn picture(&self, file: &str) -> PathBuf {
        self.plan.directory.path.join(PICTURES).join(file)
    }

    /// The runs with their outcomes, in the order of the pairs and seeds.
    pub fn runs(&self) -> impl Iterator<Item = (&PlannedRun, &Outcome)> {
        self.plan.runs.iter().zip(&self.outcomes)
    }

    /// The runs of a pair that did not diverge.
    pub(super) fn done(&self, pair: usize) -> impl Iterator<Item = (&PlannedRun, &Outcome)> {
        let is_done = move |(run, outcome): &(&PlannedRun, &Outcome)| run.point == pair && outcome.state == State::Done;
        self.runs().filter(is_done)
    }

    /// The likelihood that pairs are compared by.
    pub(super) fn likelihood(&self) -> &'static str {
        likelihood(&self.rows)
    }

    /// The run that stands for a pair in pictures: the median one by likelihood of those that did not diverge, else the
    /// first that has pictures.
    pub(super) fn typical(&self, pair: usize) -> Option<(&PlannedRun, &Outcome)> {
        let mut done: Vec<_> = self.done(pair).collect();
        let name = self.likelihood();
        let nll = |outcome: &Outcome| outcome.metrics.get(name).copied().unwrap_or(f64::INFINITY);
        done.sort_by(|(_, a), (_, b)| nll(a).total_cmp(&nll(b)));
        let middle = done.len().saturating_sub(1) / 2;
        let mut drawn = self.runs().filter(|(_, outcome)| outcome.picture("curves.png").is_some());
        let first = || drawn.find(|(run, _)| run.point == pair);
        done.get(middle).copied().or_else(first)
    }
}

/// The likelihood that rows are compared by: the exact one, or where none has that, a side of the bracket by the generator's weights;
/// the upper one, if all runs that did not diverge have it.
fn likelihood(rows: &[Row]) -> &'static str {
    let runs = |row: &Row, name: &str| row.summary.spreads.get(name).map_or(0, |spread| spread.runs);
    let some = |name: &str| rows.iter().any(|row| runs(row, name) > 0);
    let all = |name: &str| rows.iter().all(|row| runs(row, name) == row.summary.count("done"));
    match some("nll") {
        false if some("cubo_nll") && all("cubo_nll") => "cubo_nll",
        false if some("weights_nll") => "weights_nll",
        _ => "nll",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;
    use ebm_eval::evaluate::{Sandwich, Side};
    use std::path::Path;

    #[test]
    fn verdicts_are_over_all_runs_also_those_that_diverged() {
        let run = |state, held, excess| {
            let guarantee = Guarantee::certified("test");
            let side = Side { held, excess, tolerance: 0.0, bound: 0.0, guarantee };
            let sandwich = Sandwich { nll: 1.0, lower: Some(side), upper: None, gap: None };
            Outcome { sandwiches: [(1, sandwich)].into(), ..Outcome::new(Path::new("x"), state) }
        };
        let outcomes = [
            run(State::Done, Some(true), 0.0),
            run(State::Diverged("ran away".into()), Some(false), 0.0),
            // Not judged, also where an earlier version had a verdict.
            run(State::Done, None, f64::NAN),
            run(State::Done, Some(false), f64::NAN),
        ];
        let lower = Held { held: 1, evaluations: 2, guarantee: Level::Certified };
        assert_eq!(["lower", "upper"].map(|side| Held::of(&outcomes, side)), [Some(lower), None]);
    }

    #[test]
    fn without_an_exact_likelihood_pairs_are_compared_by_the_side_of_the_bracket_that_all_have() {
        let row = |runs: &[&[&str]]| {
            let outcome = |names: &&[&str]| Outcome {
                metrics: names.iter().map(|name| (name.to_string(), 1.0)).collect(),
                ..Outcome::new(Path::new("x"), State::Done)
            };
            let outcomes: Vec<Outcome> = runs.iter().map(outcome).collect();
            let timing = Timing { rate: Ok(1.0), unlike_baseline: Vec::new() };
            Row::new(Pair { lower: "sv".into(), upper: "gp".into() }, &outcomes, timing)
        };
        let (both, lower) = (&["cubo_nll", "weights_nll"][..], &["weights_nll"][..]);
        assert_eq!(likelihood(&[row(&[both]), row(&[both, both])]), "cubo_nll");
        assert_eq!(likelihood(&[row(&[both]), row(&[both, lower])]), "weights_nll");
        assert_eq!(likelihood(&[row(&[both]), row(&[&["nll"]])]), "nll");
        assert_eq!(likelihood(&[row(&[])]), "nll");
    }
}
