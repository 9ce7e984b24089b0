//! What a comparison came to: a row a pair of bounds.

use ebm_core::bounds::Level;
use serde::Serialize;
use std::path::PathBuf;

use super::pace::Pace;
use crate::series::{Difference, End, Record, Spread};

/// A pair of bounds, by their names in the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The lower bound.
    pub lower: String,
    /// The upper bound.
    pub upper: String,
}

impl Pair {
    /// "sv+gp"
    pub fn name(&self) -> String {
        format!("{}+{}", self.lower, self.upper)
    }
}

/// One run of the grid.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Which pair.
    pub pair: usize,
    /// Its seed.
    pub seed: u64,
    /// Its name: "sv+gp-seed0".
    pub name: String,
}

/// What costs are relative to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// A pair of the grid, or a configuration file.
    pub name: String,
    /// Its steps a second; absent if it broke down before it could be timed.
    pub steps_per_second: Option<f64>,
}

/// How often a bound was on its side of the exact likelihood, over the evaluations of all runs of a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// Evaluations at which it held.
    pub held: usize,
    /// Evaluations that had the bound and the likelihood.
    pub evaluations: usize,
    /// The weakest claim made about it.
    pub guarantee: Level,
}

impl Held {
    /// As a share, in [0, 1].
    pub fn share(&self) -> f64 {
        self.held as f64 / self.evaluations as f64
    }
}

/// What a pair of bounds came to. Means and deviations are over the runs that did not diverge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The pair.
    #[serde(flatten)]
    pub pair: Pair,
    /// Runs, of which
    pub runs: usize,
    /// these diverged and
    pub diverged: usize,
    /// these have no result.
    pub failed: usize,
    /// Exact negative log-likelihood, nats.
    pub nll: Option<Spread>,
    /// Upper minus lower bound, nats.
    pub gap: Option<Spread>,
    /// Modes covered.
    pub modes: Option<Spread>,
    /// Share of good samples.
    pub good_share: Option<Spread>,
    /// The lower bound's verdicts.
    pub lower_held: Option<Held>,
    /// The upper bound's verdicts.
    pub upper_held: Option<Held>,
    /// Training steps a second, without reports and evaluations.
    pub steps_per_second: Option<f64>,
    /// Time of a step, relative to the baseline's.
    pub cost: Option<f64>,
    /// Why steps could not be timed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_timed: Option<String>,
    /// What the baseline has different beside its bounds, and what a step costs by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlike_baseline: Vec<Difference>,
}

impl Row {
    /// The row of a pair, from its runs.
    pub fn of(
        pair: Pair,
        records: &[&Record],
        pace: &Pace,
        baseline: &Baseline,
        unlike_baseline: Vec<Difference>,
    ) -> Self {
        let sound: Vec<_> = records.iter().filter(|record| record.end == End::Sound).collect();
        let spread = |name: &str| {
            let values: Vec<f64> = sound
                .iter()
                .filter_map(|record| record.figures.get(name).copied())
                .collect();
            Spread::of(&values)
        };
        let ended = |end: fn(&End) -> bool| records.iter().filter(|record| end(&record.end)).count();
        let rate = pace.seconds().map(|seconds| 1.0 / seconds);
        Self {
            pair,
            runs: records.len(),
            diverged: ended(|end| matches!(end, End::Diverged(_))),
            failed: ended(|end| matches!(end, End::Failed(_))),
            nll: spread("nll"),
            gap: spread("gap"),
            modes: spread("modes_covered"),
            good_share: spread("good_share"),
            lower_held: held(records, "lower"),
            upper_held: held(records, "upper"),
            steps_per_second: rate,
            cost: rate
                .zip(baseline.steps_per_second)
                .map(|(rate, baseline)| baseline / rate),
            not_timed: match pace {
                Pace::Seconds(_) => None,
                Pace::Unknown(reason) => Some(reason.clone()),
            },
            unlike_baseline,
        }
    }
}

fn held(records: &[&Record], name: &str) -> Option<Held> {
    let sandwiches = records.iter().flat_map(|record| record.sandwiches.values());
    let sides: Vec<_> = sandwiches
        .flat_map(|sandwich| sandwich.sides())
        .filter(|(side, _)| *side == name)
        .map(|(_, side)| side)
        .collect();
    Some(Held {
        held: sides.iter().filter(|side| side.held).count(),
        evaluations: sides.len(),
        guarantee: sides.iter().map(|side| side.guarantee.level).min()?,
    })
}

/// A comparison that was made.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The heading: the name of the configuration.
    pub title: String,
    /// The configuration file.
    pub config: PathBuf,
    /// The command that made it.
    pub command: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// What costs are relative to.
    pub baseline: Baseline,
    /// Modes of the data, where it has separate ones.
    pub modes: Option<usize>,
    /// Entropy of the data in nats, where it is known.
    pub entropy: Option<f64>,
    /// A row a pair.
    pub rows: Vec<Row>,
    /// The runs, with how each ended; in the order of the pairs and seeds.
    pub runs: Vec<(Cell, Record)>,
}

impl Comparison {
    /// The runs of a pair.
    pub fn of_pair(&self, pair: usize) -> impl Iterator<Item = &(Cell, Record)> {
        self.runs.iter().filter(move |(cell, _)| cell.pair == pair)
    }

    /// The run that stands for a pair in pictures: the median one by likelihood of those that did not diverge, else the
    /// first that has pictures.
    pub fn typical(&self, pair: usize) -> Option<&(Cell, Record)> {
        let mut sound: Vec<_> = self
            .of_pair(pair)
            .filter(|(_, record)| record.end == End::Sound)
            .collect();
        let nll = |record: &Record| record.figures.get("nll").copied().unwrap_or(f64::INFINITY);
        sound.sort_by(|(_, a), (_, b)| nll(a).total_cmp(&nll(b)));
        let middle = sound.len().saturating_sub(1) / 2;
        let drawn = |(_, record): &&(Cell, Record)| record.picture("curves.png").is_some();
        sound.get(middle).copied().or_else(|| self.of_pair(pair).find(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;
    use ebm_eval::evaluate::{Sandwich, Side};
    use std::path::Path;

    fn run(end: End, nll: f64, held: bool) -> Record {
        let side = Side {
            held,
            excess: 0.0,
            tolerance: 0.0,
            bound: 0.0,
            guarantee: Guarantee::certified("test"),
        };
        let sandwich = Sandwich {
            nll,
            lower: Some(side),
            upper: None,
            gap: None,
        };
        Record {
            end,
            figures: [("nll".to_string(), nll)].into(),
            sandwiches: [(1, sandwich)].into(),
            ..Record::failed(Path::new("x"), "")
        }
    }

    fn row(pace: Pace) -> Row {
        let records = [
            run(End::Sound, 1.0, true),
            run(End::Sound, 2.0, true),
            run(End::Diverged("ran away".into()), 1e6, false),
            Record::failed(Path::new("x"), "killed"),
        ];
        let records: Vec<_> = records.iter().collect();
        let pair = Pair {
            lower: "sv".into(),
            upper: "gp".into(),
        };
        let baseline = Baseline {
            name: "b".into(),
            steps_per_second: Some(300.0),
        };
        Row::of(pair, &records, &pace, &baseline, Vec::new())
    }

    #[test]
    fn means_are_over_sound_runs_and_verdicts_over_all() {
        let row = row(Pace::Seconds(0.01));
        assert_eq!((row.runs, row.diverged, row.failed), (4, 1, 1));
        let nll = row.nll.unwrap();
        assert_eq!((nll.mean, nll.runs), (1.5, 2));
        let held = row.lower_held.unwrap();
        assert_eq!((held.held, held.evaluations, held.guarantee), (2, 3, Level::Certified));
        assert_eq!((row.gap, row.upper_held), (None, None));
        // A step takes 10 ms, the baseline's 1/300 s.
        assert!((row.steps_per_second.unwrap() - 100.0).abs() < 1e-9);
        assert!((row.cost.unwrap() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_could_not_be_timed_has_no_cost() {
        let row = row(Pace::Unknown("NaN".into()));
        assert_eq!(
            (row.steps_per_second, row.cost, row.not_timed.as_deref()),
            (None, None, Some("NaN"))
        );
    }
}
