//! The results of a sweep so far: a row per point for people, a row per run for spreadsheets, everything for programs.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

use super::manifest::{Manifest, Run, id, labels};
use crate::config::suggest;
use crate::exit::{Exit, Failure};
use crate::series::{Metric, Outcome, SeriesDirectory, Spread, State, Summary, Table, json_text, number, rank};
use ebm_eval::metric::{Direction, direction};
use ebm_train::metric::stand_ins;

/// The metric that points are judged by where none is named, or what stands in for it.
const JUDGED_BY: &str = "nll";
const DECIMALS: usize = 4;

struct Row<'a> {
    runs: &'a [Run],
    outcomes: &'a [Outcome],
    summary: Summary,
}

impl Row<'_> {
    fn point(&self) -> usize {
        self.runs[0].point
    }
}

pub struct SweepTable<'a> {
    manifest: &'a Manifest,
    outcomes: &'a [Outcome],
    judge: String,
    rows: Vec<Row<'a>>,
    /// The best of the points whose runs are all done and have the metric.
    best: Option<usize>,
}

impl<'a> SweepTable<'a> {
    /// The table of runs with their outcomes, in the order of the points, or with `sort` the best by that metric first. Fails
    /// if no run has that metric, though runs have ended.
    pub fn new(manifest: &'a Manifest, outcomes: &'a [Outcome], sort: Option<&str>) -> Result<Self, Failure> {
        let known: BTreeSet<&String> = outcomes.iter().flat_map(|outcome| outcome.metrics.keys()).collect();
        let there = |name: &&str| known.iter().any(|known| known.as_str() == *name);
        let judge = sort.or_else(|| stand_ins(JUDGED_BY).find(there)).unwrap_or(JUDGED_BY);
        if sort.is_some() && !known.is_empty() && !known.iter().any(|name| *name == judge) {
            let hint = suggest::hint(judge, &Vec::from_iter(known));
            let text = format!("--sort {judge}: no run has this figure; {hint}");
            return Err(Failure::message(Exit::Usage, text));
        }
        let mut rest = outcomes;
        let row = |runs: &'a [Run]| {
            let outcomes = rest.split_off(..runs.len()).unwrap_or_default();
            Row { runs, outcomes, summary: Summary::of(outcomes) }
        };
        let mut rows: Vec<_> = manifest.runs.chunk_by(|a, b| a.point == b.point).map(row).collect();
        let order = |a: &Row<'_>, b: &Row<'_>| {
            let [a, b] = [a, b].map(|row| rank(judge, row.summary.mean(judge)));
            a.total_cmp(&b)
        };
        let complete = rows.iter().filter(|row| row.summary.is_complete(judge));
        let best = complete.min_by(|a, b| order(a, b)).map(Row::point);
        if sort.is_some() {
            rows.sort_by(order);
        }
        Ok(Self { manifest, outcomes, judge: judge.into(), rows, best })
    }

    /// The text for people: a line per point, and what is needed to read it.
    pub fn text(&self) -> String {
        let there = |name: &&str| self.rows.iter().any(|row| row.summary.spreads.contains_key(*name));
        let mut metrics: Vec<&str> = Metric::shown().map(Metric::name).filter(there).collect();
        let judge = self.judge.as_str();
        if !metrics.contains(&judge) && there(&judge) {
            metrics.insert(0, judge);
        }
        let labels = labels(&self.manifest.keys);
        let mut heads = vec!["", "point"];
        heads.extend(labels.iter().map(String::as_str).chain(["seeds", "state", "steps"]));
        heads.extend(&metrics);
        let table = Table::new(&heads, self.rows.iter().map(|row| self.cells(row, &metrics)));
        table.aligned() + &self.notes()
    }

    fn cells(&self, row: &Row<'_>, metrics: &[&str]) -> Vec<String> {
        let or_absent = |cell: Option<String>| cell.unwrap_or("-".into());
        let states: Vec<String> = match row.summary.states[..] {
            [(word, _)] => vec![word.to_string()],
            ref several => several.iter().map(|(word, count)| format!("{count} {word}")).collect(),
        };
        let seeds: Vec<String> = row.runs.iter().map(|run| run.seed.to_string()).collect();
        let seeds = if seeds.len() > 4 { format!("{} seeds", seeds.len()) } else { seeds.join(",") };
        let least = row.outcomes.iter().min_by_key(|outcome| outcome.steps.unwrap_or(0));
        let steps = |outcome: &Outcome| {
            let of = outcome.of.map_or_else(String::new, |of| format!("/{of}"));
            format!("{}{of}", outcome.steps.unwrap_or(0))
        };
        let figure = |spread: &Spread| {
            let (runs, all) = (spread.runs, row.summary.runs);
            let error = spread.standard_error().map(|error| format!(" +- {}", number(error, DECIMALS)));
            let some = (runs < all).then(|| format!(" ({runs} of {all})"));
            number(spread.mean, DECIMALS) + &error.unwrap_or_default() + &some.unwrap_or_default()
        };
        let mark = if self.best == Some(row.point()) { "*" } else { "" };
        let mut cells = vec![mark.to_string(), row.point().to_string()];
        cells.extend(self.manifest.keys.iter().map(|key| or_absent(row.runs[0].shown(key))));
        cells.extend([seeds, states.join(", "), or_absent(least.map(steps))]);
        cells.extend(metrics.iter().map(|name| or_absent(row.summary.spreads.get(*name).map(figure))));
        cells
    }

    /// The notes that a reader needs to understand the table, one per line.
    fn notes(&self) -> String {
        let mut notes = String::new();
        if self.outcomes.iter().any(|outcome| outcome.state == State::Done) {
            notes += "Figures: final evaluation, nats per sample where in nats; mean +- standard error over the seeds that are done.\n";
        }
        if self.best.is_some() {
            let judge = &self.judge;
            let end = if direction(judge) == Direction::Higher { "largest" } else { "least" };
            notes += &format!("* {end} mean {judge} of the points whose runs are all done and have it.\n");
        }
        for (index, (run, outcome)) in self.manifest.runs.iter().zip(self.outcomes).enumerate() {
            if let Some(reason) = outcome.state.reason() {
                let (name, state) = (self.manifest.name_of(run), outcome.state.word());
                notes += &format!("{} ({name}) {state}: {reason}\n", id(index));
            }
        }
        notes
    }

    /// The table for spreadsheets: a row per run, numbers in full.
    pub fn csv(&self) -> Result<String, Failure> {
        let metrics = self.outcomes.iter().flat_map(|outcome| outcome.metrics.keys());
        let metrics: BTreeSet<&str> = metrics.map(String::as_str).collect();
        let keys = &self.manifest.keys;
        let mut heads = vec!["index", "point", "seed"];
        heads.extend(keys.iter().map(String::as_str));
        heads.extend(["state", "reason", "steps", "of", "seconds"]);
        heads.extend(&metrics);
        let full = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let row = |(index, (run, outcome)): (usize, (&Run, &Outcome))| {
            let mut cells = vec![index.to_string(), run.point.to_string(), run.seed.to_string()];
            cells.extend(keys.iter().map(|key| run.shown(key).unwrap_or_default()));
            cells.extend([outcome.state.word(), outcome.state.reason().unwrap_or_default()].map(String::from));
            cells.push(outcome.steps.unwrap_or(0).to_string());
            cells.push(outcome.of.map_or_else(String::new, |of| of.to_string()));
            cells.push(full(outcome.seconds));
            cells.extend(metrics.iter().map(|name| full(outcome.metrics.get(*name).copied())));
            cells
        };
        let runs = self.manifest.runs.iter().zip(self.outcomes);
        Table::new(&heads, runs.enumerate().map(row)).csv()
    }

    /// The JSON for programs: every point with its means, every run with its metrics.
    pub fn json(&self, directory: &SeriesDirectory) -> Result<String, Failure> {
        let spread = |(name, spread): (&String, &Spread)| {
            let error = spread.standard_error();
            let value = json!({"mean": spread.mean, "standard_error": error, "runs": spread.runs});
            (name.clone(), value)
        };
        let point = |row: &Row<'_>| {
            let states = row.summary.states.iter().map(|(word, count)| (word.to_string(), json!(count)));
            json!({
                "point": row.point(),
                "values": row.runs[0].values,
                "seeds": row.runs.iter().map(|run| run.seed).collect::<Vec<_>>(),
                "states": states.collect::<Map<_, _>>(),
                "figures": row.summary.spreads.iter().map(spread).collect::<Map<_, _>>(),
            })
        };
        let run = |(index, (run, outcome)): (usize, (&Run, &Outcome))| {
            let place = directory.run(&id(index));
            json!({
                "index": index,
                "name": self.manifest.name_of(run),
                "point": run.point,
                "seed": run.seed,
                "values": run.values,
                "directory": place.strip_prefix(&directory.path).unwrap_or(&place),
                "state": outcome.state.word(),
                "reason": outcome.state.reason(),
                "steps": outcome.steps.unwrap_or(0),
                "of": outcome.of,
                "seconds": outcome.seconds,
                "figures": outcome.metrics,
            })
        };
        let runs = self.manifest.runs.iter().zip(self.outcomes).enumerate();
        json_text(&json!({
            "name": self.manifest.name,
            "directory": directory.path,
            "keys": self.manifest.keys,
            "judged_by": self.judge,
            "best": self.best,
            "points": self.rows.iter().map(point).collect::<Vec<_>>(),
            "runs": runs.map(run).collect::<Vec<Json>>(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::SWEEP;
    use std::path::Path;

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
        let metrics = nll.map(|nll| [("nll", nll), ("good_share", 1.0 / nll), ("odd", -nll)]);
        let metrics = metrics.into_iter().flatten();
        Outcome {
            steps: Some(7),
            of: Some(10),
            metrics: metrics.map(|(name, value)| (name.to_string(), value)).collect(),
            ..Outcome::new(Path::new("x"), state)
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
        let (manifest, mut outcomes) = (manifest(), outcomes());
        let table = SweepTable::new(&manifest, &outcomes, None).unwrap();
        assert_eq!(table.best, Some(0));
        let text = table.text();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["point", "weight", "seeds", "state", "steps", "nll", "good_share"]);
        // Mean of 2 and 4 is 3, their sample deviation sqrt 2, over sqrt 2: 1. Of 1/2 and 1/4: 3/8 and 1/8.
        let first = "* 0 0.5 1,2 done 7/10 3.0000 +- 1.0000 0.3750 +- 0.1250";
        assert_eq!(lines[1].join(" "), first);
        for part in [
            "1 done, 1 diverged",
            "1.0000 (1 of 2)",
            "1 running, 1 failed  7/10   -",
            "* least mean nll of the points whose runs are all done and have it.",
            "0003 (weight=2.0 seed=2) diverged: ran away",
            "0005 (weight=9.0 seed=2) failed: no disk",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Done, with a figure that is not finite: the rest of point 1 has a better mean than point 0.
        outcomes[3] = outcome(State::Done, None);
        let table = SweepTable::new(&manifest, &outcomes, None).unwrap();
        assert_eq!(table.best, Some(0), "{}", table.text());
    }

    #[test]
    fn points_are_sorted_by_what_is_better_and_those_without_it_come_last() {
        let (manifest, outcomes) = (manifest(), outcomes());
        for (sort, order) in [("nll", [1, 0, 2]), ("good_share", [1, 0, 2]), ("odd", [0, 1, 2])] {
            let table = SweepTable::new(&manifest, &outcomes, Some(sort)).unwrap();
            let points: Vec<_> = table.rows.iter().map(Row::point).collect();
            assert_eq!(points, order, "{sort}");
        }
        let refused = SweepTable::new(&manifest, &outcomes, Some("nl")).err().unwrap();
        let expected = "--sort nl: no run has this figure; did you mean `nll`?";
        assert_eq!(refused.to_string(), expected);
        // Before any run has ended it is unknown which metrics there will be.
        let none: Vec<Outcome> = (0..6).map(|_| outcome(State::Missing, None)).collect();
        let table = SweepTable::new(&manifest, &none, Some("nl")).unwrap();
        assert!(!table.text().contains('*'), "{}", table.text());
    }

    #[test]
    fn programs_get_every_run_and_numbers_in_full() {
        let (manifest, outcomes) = (manifest(), outcomes());
        let table = SweepTable::new(&manifest, &outcomes, None).unwrap();
        let csv = table.csv().unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        let heads = "index,point,seed,upper.weight,state,reason,steps,of,seconds,good_share,nll,odd";
        assert_eq!((lines.len(), lines[0]), (7, heads));
        assert_eq!(lines[4], "3,1,2,2.0,diverged,ran away,7,10,,2,0.5,-0.5");
        let json = table.json(&SeriesDirectory::at(Path::new("d"), SWEEP)).unwrap();
        let json: Json = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["best"], &json["runs"][5]["reason"]), (&json!(0), &json!("no disk")));
        assert_eq!(json["points"][2]["states"], json!({"running": 1, "failed": 1}));
    }
}
