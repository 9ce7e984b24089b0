//! What a sweep came to so far: a row a point for people, a row a run for spreadsheets, and all of it for programs.

use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::manifest::{Manifest, Run, id, shown, text_of};
use super::outcome::{Outcome, State};
use crate::config::{labels, suggest};
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{Spread, number};

/// The figures that are shown, where runs have them.
const SHOWN: [&str; 9] = [
    "nll",
    "lower",
    "upper",
    "gap",
    "modes_covered",
    "good_share",
    "stacked_modes",
    "stacked_kl",
    "classifier_frechet",
];
/// The figure that points are judged by where none is named.
const JUDGED_BY: &str = "nll";
/// The figures of which more is better; of all others, less.
const MORE_IS_BETTER: [&str; 10] = [
    "modes_covered",
    "good_share",
    "least_mode_share",
    "stacked_modes",
    "classifier_score",
    "classifier_accuracy",
    "precision",
    "recall",
    "density",
    "coverage",
];
/// Decimals of figures.
const DECIMALS: usize = 4;

/// A point with its runs.
struct Row<'a> {
    point: usize,
    runs: Vec<(&'a Run, &'a Outcome)>,
    /// Over the runs that are done.
    spreads: BTreeMap<&'a str, Spread>,
}

impl<'a> Row<'a> {
    fn of(point: usize, runs: Vec<(&'a Run, &'a Outcome)>) -> Self {
        let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (_, outcome) in runs.iter().filter(|(_, outcome)| outcome.state == State::Done) {
            for (name, value) in &outcome.figures {
                values.entry(name).or_default().push(*value);
            }
        }
        let spreads = values.into_iter();
        Self {
            point,
            spreads: spreads
                .filter_map(|(name, values)| Some((name, Spread::of(&values)?)))
                .collect(),
            runs,
        }
    }

    /// Whether the figure is there of every run, each of which came to its end.
    fn is_complete(&self, figure: &str) -> bool {
        // A figure that is not finite is left out: a mean of the others is no mean of the point.
        let spread = self.spreads.get(figure);
        spread.is_some_and(|spread| spread.runs == self.runs.len())
    }

    /// How many of its runs are in which state, in the order of their first.
    fn states(&self) -> Vec<(&'static str, usize)> {
        let mut states: Vec<(&'static str, usize)> = Vec::new();
        for word in self.runs.iter().map(|(_, outcome)| outcome.state.word()) {
            match states.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => states.push((word, 1)),
            }
        }
        states
    }
}

/// What a sweep came to so far.
pub struct Table<'a> {
    manifest: &'a Manifest,
    outcomes: &'a [Outcome],
    /// The figure that points are judged by.
    judge: String,
    rows: Vec<Row<'a>>,
    /// The best of the points whose runs are all done and have the figure.
    best: Option<usize>,
}

impl<'a> Table<'a> {
    /// The table of runs with their outcomes, in the order of the points, or with `sort` the best by that figure first.
    ///
    /// # Errors
    /// If no run has that figure, though runs have ended.
    pub fn new(manifest: &'a Manifest, outcomes: &'a [Outcome], sort: Option<&str>) -> Result<Self, Failure> {
        let judge = sort.unwrap_or(JUDGED_BY);
        let known: BTreeSet<&str> = outcomes
            .iter()
            .flat_map(|outcome| outcome.figures.keys().map(String::as_str))
            .collect();
        if sort.is_some() && !known.is_empty() && !known.contains(judge) {
            let hint = suggest::hint(judge, &known.into_iter().collect::<Vec<_>>());
            let text = format!("--sort {judge}: no run has this figure; {hint}");
            return Err(Failure::message(Exit::Usage, text));
        }
        let mut of_points: BTreeMap<usize, Vec<(&Run, &Outcome)>> = BTreeMap::new();
        for (run, outcome) in manifest.runs.iter().zip(outcomes) {
            of_points.entry(run.point).or_default().push((run, outcome));
        }
        let mut rows: Vec<Row<'_>> = of_points
            .into_iter()
            .map(|(point, runs)| Row::of(point, runs))
            .collect();
        let sign = if MORE_IS_BETTER.contains(&judge) { -1.0 } else { 1.0 };
        let rank = |row: &Row<'_>| {
            row.spreads
                .get(judge)
                .map_or(f64::INFINITY, |spread| sign * spread.mean)
        };
        let complete = rows.iter().filter(|row| row.is_complete(judge));
        let best = complete.min_by(|a, b| rank(a).total_cmp(&rank(b))).map(|row| row.point);
        if sort.is_some() {
            rows.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
        }
        Ok(Self {
            manifest,
            outcomes,
            judge: judge.into(),
            rows,
            best,
        })
    }

    /// The figures that any run has, of those that are shown and the one that points are judged by.
    fn figures(&self) -> Vec<&str> {
        let there = |name: &&str| self.rows.iter().any(|row| row.spreads.contains_key(name));
        let mut figures: Vec<&str> = SHOWN.into_iter().filter(there).collect();
        if !figures.contains(&self.judge.as_str()) && there(&self.judge.as_str()) {
            figures.insert(0, &self.judge);
        }
        figures
    }

    /// For people: a line a point, and what is needed to read it.
    pub fn text(&self) -> String {
        let figures = self.figures();
        let heads = ["", "point"].into_iter().map(String::from);
        let heads = heads.chain(labels(&self.manifest.keys));
        let heads = heads.chain(["seeds", "state", "steps"].map(String::from));
        let heads: Vec<String> = heads.chain(figures.iter().map(|name| name.to_string())).collect();
        let rows = self.rows.iter().map(|row| self.cells(row, &figures));
        let mut text = aligned(&std::iter::once(heads).chain(rows).collect::<Vec<_>>());
        text.extend(self.notes().into_iter().map(|note| format!("{note}\n")));
        text
    }

    fn cells(&self, row: &Row<'_>, figures: &[&str]) -> Vec<String> {
        let absent = || "-".to_string();
        let mark = if self.best == Some(row.point) { "*" } else { "" };
        let value = |key: &String| {
            let (first, _) = row.runs.first()?;
            first.values.get(key).map(shown)
        };
        let states: Vec<String> = match &row.states()[..] {
            [(word, _)] => vec![word.to_string()],
            several => several.iter().map(|(word, count)| format!("{count} {word}")).collect(),
        };
        let least = row
            .runs
            .iter()
            .map(|(_, outcome)| outcome)
            .min_by_key(|outcome| outcome.steps);
        let steps = least.map(|least| match least.of {
            Some(of) => format!("{}/{of}", least.steps),
            None => least.steps.to_string(),
        });
        let seeds: Vec<String> = row.runs.iter().map(|(run, _)| run.seed.to_string()).collect();
        let mut cells = vec![mark.to_string(), row.point.to_string()];
        cells.extend(self.manifest.keys.iter().map(|key| value(key).unwrap_or_else(absent)));
        cells.push(if seeds.len() > 4 {
            format!("{} seeds", seeds.len())
        } else {
            seeds.join(",")
        });
        cells.extend([states.join(", "), steps.unwrap_or_else(absent)]);
        cells.extend(figures.iter().map(|name| {
            let Some(spread) = row.spreads.get(name) else {
                return absent();
            };
            let mut text = number(spread.mean, DECIMALS);
            if let Some(error) = spread.standard_error() {
                text.push_str(&format!(" +- {}", number(error, DECIMALS)));
            }
            if spread.runs < row.runs.len() {
                text.push_str(&format!(" ({} of {})", spread.runs, row.runs.len()));
            }
            text
        }));
        cells
    }

    /// What a reader must know to read the table.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.outcomes.iter().any(|outcome| outcome.state == State::Done) {
            let mean = "Figures: final evaluation, nats per sample where in nats; mean +- standard error over the seeds that are done.";
            notes.push(mean.to_string());
        }
        if self.best.is_some() {
            let end = if MORE_IS_BETTER.contains(&self.judge.as_str()) {
                "largest"
            } else {
                "least"
            };
            notes.push(format!(
                "* {end} mean {} of the points whose runs are all done and have it.",
                self.judge
            ));
        }
        for (index, (run, outcome)) in self.manifest.runs.iter().zip(self.outcomes).enumerate() {
            if let Some(reason) = outcome.state.reason() {
                let (name, state) = (self.manifest.name_of(run), &outcome.state);
                notes.push(format!("{} ({name}) {state}: {reason}", id(index)));
            }
        }
        notes
    }

    /// For spreadsheets: a row a run, numbers in full.
    ///
    /// # Errors
    /// If a cell cannot be written.
    pub fn csv(&self) -> Result<String, Failure> {
        let figures: BTreeSet<&String> = self
            .outcomes
            .iter()
            .flat_map(|outcome| outcome.figures.keys())
            .collect();
        let keys = &self.manifest.keys;
        let mut writer = csv::Writer::from_writer(Vec::new());
        let heads = ["index", "point", "seed"]
            .into_iter()
            .chain(keys.iter().map(String::as_str));
        let heads = heads.chain(["state", "reason", "steps", "of", "seconds"]);
        let heads = heads.chain(figures.iter().map(|name| name.as_str()));
        writer.write_record(heads).or_exit(Exit::Other)?;
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for (index, (run, outcome)) in self.manifest.runs.iter().zip(self.outcomes).enumerate() {
            let mut cells = vec![index.to_string(), run.point.to_string(), run.seed.to_string()];
            cells.extend(
                keys.iter()
                    .map(|key| run.values.get(key).map_or_else(String::new, shown)),
            );
            cells.extend([
                outcome.state.to_string(),
                outcome.state.reason().unwrap_or_default().to_string(),
                outcome.steps.to_string(),
                outcome.of.map_or_else(String::new, |of| of.to_string()),
                number(outcome.seconds),
            ]);
            cells.extend(figures.iter().map(|name| number(outcome.figures.get(*name).copied())));
            writer.write_record(&cells).or_exit(Exit::Other)?;
        }
        text_of(writer)
    }

    /// For programs: every point with its means, every run with its figures.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn json(&self, directory: &Path) -> Result<String, Failure> {
        let point = |row: &Row<'_>| {
            let spread = |(name, spread): (&&str, &Spread)| {
                let value = json!({
                    "mean": spread.mean,
                    "standard_error": spread.standard_error(),
                    "runs": spread.runs,
                });
                (name.to_string(), value)
            };
            json!({
                "point": row.point,
                "values": row.runs.first().map(|(run, _)| &run.values),
                "seeds": row.runs.iter().map(|(run, _)| run.seed).collect::<Vec<_>>(),
                "states": row.states().into_iter().map(|(word, count)| (word.to_string(), count.into())).collect::<serde_json::Map<_, _>>(),
                "figures": row.spreads.iter().map(spread).collect::<serde_json::Map<_, _>>(),
            })
        };
        let run = |(index, (run, outcome)): (usize, (&Run, &Outcome))| {
            json!({
                "index": index,
                "name": self.manifest.name_of(run),
                "point": run.point,
                "seed": run.seed,
                "values": run.values,
                "directory": super::run_of(Path::new(""), index),
                "state": outcome.state.word(),
                "reason": outcome.state.reason(),
                "steps": outcome.steps,
                "of": outcome.of,
                "seconds": outcome.seconds,
                "figures": outcome.figures,
            })
        };
        let runs = self.manifest.runs.iter().zip(self.outcomes).enumerate();
        let value: Json = json!({
            "name": self.manifest.name,
            "directory": directory,
            "keys": self.manifest.keys,
            "judged_by": self.judge,
            "best": self.best,
            "points": self.rows.iter().map(point).collect::<Vec<_>>(),
            "runs": runs.map(run).collect::<Vec<_>>(),
        });
        let text = serde_json::to_string_pretty(&value).or_exit(Exit::Other)?;
        Ok(format!("{text}\n"))
    }
}

/// Rows in columns of their own, two spaces apart.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let run = |point: usize, seed: u64, weight: f64| json!({"point": point, "seed": seed, "values": {"upper.weight": weight}});
        let value = json!({
            "format": "ebm sweep, version 1",
            "name": "s", "spec": "s.toml", "set": [], "base": "/", "keys": ["upper.weight"],
            "runs": [run(0, 1, 0.5), run(0, 2, 0.5), run(1, 1, 2.0), run(1, 2, 2.0), run(2, 1, 9.0), run(2, 2, 9.0)],
        });
        serde_json::from_value(value).unwrap()
    }

    fn outcome(state: State, nll: Option<f64>) -> Outcome {
        let figures = nll.map(|nll| [("nll", nll), ("good_share", 1.0 / nll), ("odd", -nll)]);
        let figures = figures.into_iter().flatten();
        Outcome {
            state,
            steps: 7,
            of: Some(10),
            seconds: None,
            figures: figures.map(|(name, value)| (name.to_string(), value)).collect(),
        }
    }

    /// Of point 0 both runs are done; of point 1 one diverged, with a better figure; of point 2 none ended.
    fn outcomes() -> Vec<Outcome> {
        vec![
            outcome(State::Done, Some(2.0)),
            outcome(State::Done, Some(4.0)),
            outcome(State::Done, Some(1.0)),
            outcome(State::Diverged("ran away".into()), Some(0.5)),
            outcome(State::Running, None),
            outcome(State::Failed("no disk".into()), None),
        ]
    }

    #[test]
    fn a_row_has_mean_and_standard_error_over_the_seeds_that_are_done() {
        let (manifest, outcomes) = (manifest(), outcomes());
        let text = Table::new(&manifest, &outcomes, None).unwrap().text();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            lines[0],
            ["point", "weight", "seeds", "state", "steps", "nll", "good_share"]
        );
        // Mean of 2 and 4 is 3, their sample deviation sqrt 2, over sqrt 2: 1. Of 1/2 and 1/4: 3/8 and 1/8.
        let first = [
            "*", "0", "0.5", "1,2", "done", "7/10", "3.0000", "+-", "1.0000", "0.3750", "+-", "0.1250",
        ];
        assert_eq!(lines[1], first);
        assert!(
            text.contains("1 done, 1 diverged") && text.contains("1.0000 (1 of 2)"),
            "{text}"
        );
        assert!(text.contains("1 running, 1 failed  7/10   -"), "{text}");
        assert!(
            text.contains("* least mean nll of the points whose runs are all done and have it."),
            "{text}"
        );
        assert!(text.contains("0003 (weight=2.0 seed=2) diverged: ran away"), "{text}");
        assert!(text.contains("0005 (weight=9.0 seed=2) failed: no disk"), "{text}");
    }

    #[test]
    fn points_are_sorted_by_what_is_better_and_those_without_it_come_last() {
        let (manifest, outcomes) = (manifest(), outcomes());
        let order = |sort: &str| {
            let table = Table::new(&manifest, &outcomes, Some(sort)).unwrap();
            table.rows.iter().map(|row| row.point).collect::<Vec<_>>()
        };
        assert_eq!(order("nll"), [1, 0, 2]);
        assert_eq!(order("good_share"), [1, 0, 2]);
        assert_eq!(order("odd"), [0, 1, 2]);
        let refused = |sort| Table::new(&manifest, &outcomes, Some(sort)).err().unwrap().to_string();
        assert_eq!(refused("nl"), "--sort nl: no run has this figure; did you mean `nll`?");
        // Before any run has ended nobody knows what figures there will be.
        let none: Vec<Outcome> = (0..6).map(|_| outcome(State::Missing, None)).collect();
        let table = Table::new(&manifest, &none, Some("nl")).unwrap();
        assert!(!table.text().contains('*'), "{}", table.text());
    }

    #[test]
    fn a_point_with_a_run_without_the_figure_is_not_the_best() {
        let (manifest, mut outcomes) = (manifest(), outcomes());
        // Done, with a figure that is not finite: what is left of point 1 has a better mean than point 0.
        outcomes[3] = outcome(State::Done, None);
        let table = Table::new(&manifest, &outcomes, None).unwrap();
        assert_eq!(table.best, Some(0), "{}", table.text());
    }

    #[test]
    fn programs_get_every_run_and_numbers_in_full() {
        let (manifest, outcomes) = (manifest(), outcomes());
        let table = Table::new(&manifest, &outcomes, None).unwrap();
        let csv = table.csv().unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            lines[0],
            "index,point,seed,upper.weight,state,reason,steps,of,seconds,good_share,nll,odd"
        );
        assert_eq!(lines[4], "3,1,2,2.0,diverged,ran away,7,10,,2,0.5,-0.5");
        assert_eq!(lines.len(), 7);
        let json: Json = serde_json::from_str(&table.json(Path::new("d")).unwrap()).unwrap();
        assert_eq!(
            (&json["best"], &json["runs"][5]["reason"]),
            (&json!(0), &json!("no disk"))
        );
        let nll = json!({"mean": 3.0, "standard_error": 1.0, "runs": 2});
        let error = json["points"][0]["figures"]["nll"]["standard_error"].as_f64().unwrap();
        assert!((error - 1.0).abs() < 1e-15 && json["points"][0]["figures"]["nll"]["mean"] == nll["mean"]);
        assert_eq!(json["points"][2]["states"], json!({"running": 1, "failed": 1}));
    }
}
