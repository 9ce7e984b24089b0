//! The table of a comparison: Markdown, CSV and JSON.

use serde_json::{Value, json};

use super::comparison::{Comparison, Held, Row};
use crate::exit::Failure;
use crate::series::{Metric, Outcome, PlannedRun, State, Table, json_text, number, phrase};

/// The metrics that pairs are compared by: key in the tables, name in an evaluation, title and axis of the picture.
pub(super) const COMPARED: [(&str, &str, [&str; 2]); 4] = [
    ("nll", "nll", ["Exact negative log-likelihood", "nats per sample; lower is better"]),
    ("gap", "gap", ["Gap: upper minus lower bound", "nats"]),
    ("modes", "modes_covered", ["Modes covered", "modes"]),
    ("good_share", "good_share", ["Good samples", "percent of the generator's samples"]),
];
/// The metrics that stand beside these where some pair has them: key and name.
const BESIDE: [(&str, &str); 4] = [
    ("gaussian_nll", "gaussian_nll"),
    ("weights_nll", "weights_nll"),
    ("cubo_nll", "cubo_nll"),
    ("distant_mass", "distant_mass"),
];
const ABSENT: &str = "-";

/// The metrics of files: key and name.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMPARED.into_iter().map(|(key, name, _)| (key, name)).chain(BESIDE)
}

impl Comparison<'_> {
    pub(super) fn table(&self) -> Table {
        let beside = self.beside();
        let metrics = COMPARED.iter().map(|(_, name, _)| *name).chain(beside.iter().copied());
        let metrics = metrics.filter_map(Metric::find);
        let columns: Vec<String> = metrics.map(Metric::head).collect();
        let mut heads = vec!["lower + upper"];
        heads.extend(columns.iter().map(String::as_str));
        heads.extend(["lower held", "upper held", "steps/s", "cost", "diverged"]);
        Table::new(&heads, self.rows.iter().map(|row| self.cells(row, &beside)))
    }

    /// The metrics of [`BESIDE`] that some pair has.
    fn beside(&self) -> Vec<&'static str> {
        let has = |name: &str| self.rows.iter().any(|row| row.summary.spreads.contains_key(name));
        BESIDE.into_iter().map(|(_, name)| name).filter(|name| has(name)).collect()
    }

    fn cells(&self, row: &Row, beside: &[&str]) -> Vec<String> {
        let summary = &row.summary;
        let mean = |name: &str| {
            let Some((metric, spread)) = Metric::find(name).zip(summary.spreads.get(name)) else {
                return ABSENT.to_string();
            };
            // A mean of counts is not a count.
            let decimals = metric.decimals().max(1);
            let deviation = spread.standard_deviation.map(|sd| format!(" \u{b1} {}", metric.number(sd, decimals)));
            let (runs, done) = (spread.runs, summary.count("done"));
            let some = if runs < done { format!(" ({runs} of {done} runs)") } else { String::new() };
            metric.number(spread.mean, decimals) + &deviation.unwrap_or_default() + &some + metric.scale().1
        };
        let held = |held: &Held| {
            let decimals = usize::from(held.held < held.evaluations);
            let share = number(100.0 * held.held as f64 / held.evaluations as f64, decimals);
            format!("{share} % of {} ({})", held.evaluations, held.guarantee)
        };
        let failed = match summary.count("failed") {
            0 => String::new(),
            count => format!(", {count} failed"),
        };
        let rate = |rate: &f64| number(*rate, if *rate < 10.0 { 2 } else { 0 });
        let or_absent = |cell: Option<String>| cell.unwrap_or(ABSENT.into());
        let mut cells = vec![row.pair.name()];
        cells.extend(COMPARED.map(|(_, name, _)| mean(name)));
        cells.extend(beside.iter().map(|name| mean(name)));
        cells.extend(row.held.iter().map(|side| or_absent(side.as_ref().map(held))));
        cells.push(or_absent(row.timing.rate.as_ref().ok().map(rate)));
        cells.push(or_absent(row.cost(&self.baseline).map(|cost| number(cost, 2))));
        cells.push(format!("{}/{}{failed}", summary.count("diverged"), summary.runs));
        cells
    }

    /// The notes that a reader needs to understand the table.
    pub(super) fn notes(&self) -> Vec<String> {
        let seeds = match self.plan.seeds[..] {
            [first, .., last] => format!("{first} to {last}"),
            [only] => only.to_string(),
            [] => "none".into(),
        };
        let baseline = &self.baseline.name;
        let rate = match self.baseline.steps_per_second {
            Some(rate) => format!(" ({rate:.0} steps/s)"),
            None => ", which broke down before it could be timed".into(),
        };
        let mut notes = vec![
            format!(
                "Seeds {seeds}. Mean \u{b1} sample standard deviation over the runs that did not diverge, of each run's final \
                 evaluation."
            ),
            "Exact NLL: negative log-likelihood on held-out data, nats per sample, log Z by quadrature. Gap: upper minus \
             lower bound."
                .into(),
            "Held: share of the evaluations of all runs at which the bound was on its side of the exact NLL, within 4 \
             standard errors and the quadrature's error; in brackets the weakest claim made for it."
                .into(),
            format!(
                "Steps/s and cost: training steps alone, timed in turns on one machine, fastest of several rounds; cost is \
                 the time of a step relative to {baseline}'s{rate}."
            ),
        ];
        if !self.beside().is_empty() {
            notes.push(
                "gaussian_nll: that of a Gaussian fitted to the training data; a model that is not below it has learned nothing. weights_nll and \
                 cubo_nll: lower and upper bound of the NLL from the generator's own weights, certified in expectation and \
                 asymptotic. That they agree proves nothing: a well where the generator does not go is in neither; distant_mass estimates it, \
                 as far as a search finds it."
                    .into(),
            );
        }
        if let name @ ("cubo_nll" | "weights_nll") = self.likelihood() {
            notes.push(format!("No pair has an exact NLL: the picture and the median run of a pair are by {name}."));
        }
        if let Some(entropy) = self.entropy {
            let limit = format!("Entropy of the data: {entropy:.4} nats; no NLL can be lower in expectation.");
            notes.push(limit);
        }
        notes.extend(self.modes.map(|modes| format!("The data has {modes} modes.")));
        for row in &self.rows {
            let (name, unlike) = (row.pair.name(), &row.timing.unlike_baseline);
            if !unlike.is_empty() {
                let unlike = phrase(unlike);
                notes.push(format!("The cost of {name} is not that of its bounds alone: {baseline} has {unlike}."));
            }
            let reason = row.timing.rate.as_ref().err();
            notes.extend(reason.map(|reason| format!("{name} could not be timed: {reason}")));
        }
        notes
    }

    /// The runs without a usable result, each with what happened and why.
    pub(super) fn casualties(&self) -> Vec<(&str, String)> {
        let mut casualties = Vec::new();
        for (run, outcome) in self.runs() {
            let reason = outcome.state.reason();
            casualties.extend(reason.map(|reason| (run.id.as_str(), format!("{}: {reason}", outcome.state.word()))));
        }
        casualties
    }

    /// The table in Markdown, with what is needed to read it.
    pub(super) fn markdown(&self) -> String {
        let (title, table, command) = (&self.title, self.table().markdown(), &self.command);
        let notes: String = self.notes().iter().map(|note| format!("- {note}\n")).collect();
        let casualties = self.casualties().into_iter().map(|(run, why)| format!("- {run} {why}\n"));
        let mut casualties: String = casualties.collect();
        if !casualties.is_empty() {
            casualties.insert_str(0, "\n## Runs without a result\n\n");
        }
        format!("# {title}: bounds compared\n\n{table}\n{notes}{casualties}\nMade by\n\n```sh\n{command}\n```\n")
    }

    /// The table for spreadsheets, numbers in full. Units: nats, counts, shares in [0, 1], seconds.
    pub(super) fn csv(&self) -> Result<String, Failure> {
        let metric = |(key, _): (&str, &str)| ["mean", "sd", "runs"].map(|part| format!("{key}_{part}"));
        let metrics: Vec<[String; 3]> = all().map(metric).collect();
        let parts = ["held", "evaluations", "guarantee"];
        let sides = ["lower", "upper"].map(|side| parts.map(|part| format!("{side}_{part}")));
        let mut heads = vec!["lower", "upper", "runs", "diverged", "failed"];
        heads.extend(metrics.as_flattened().iter().chain(sides.as_flattened()).map(String::as_str));
        heads.extend(["steps_per_second", "cost"]);
        let full = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let cells = |row: &Row| {
            let summary = &row.summary;
            let counts = [summary.runs, summary.count("diverged"), summary.count("failed")];
            let mut cells = vec![row.pair.lower.clone(), row.pair.upper.clone()];
            cells.extend(counts.map(|count| count.to_string()));
            for (_, name) in all() {
                let spread = summary.spreads.get(name);
                cells.push(full(spread.map(|spread| spread.mean)));
                cells.push(full(spread.and_then(|spread| spread.standard_deviation)));
                cells.push(spread.map_or(0, |spread| spread.runs).to_string());
            }
            for held in &row.held {
                let counts = held.as_ref().map(|held| [held.held, held.evaluations].map(|count| count.to_string()));
                cells.extend(counts.unwrap_or_default());
                cells.push(held.as_ref().map_or_else(String::new, |held| held.guarantee.to_string()));
            }
            cells.extend([full(row.timing.rate.clone().ok()), full(row.cost(&self.baseline))]);
            cells
        };
        Table::new(&heads, self.rows.iter().map(cells)).csv()
    }

    pub(super) fn json(&self) -> Result<String, Failure> {
        let directory = &self.plan.directory.path;
        let run = |(run, outcome): (&PlannedRun, &Outcome)| {
            json!({
                "name": run.id,
                "pair": self.rows[run.point].pair.name(),
                "seed": run.seed,
                "directory": outcome.path.strip_prefix(directory).unwrap_or(&outcome.path),
                "status": if outcome.state == State::Done { "sound" } else { outcome.state.word() },
                "reason": outcome.state.reason(),
                "steps": outcome.steps,
                "seconds": outcome.seconds,
                "figures": outcome.metrics,
            })
        };
        json_text(&json!({
            "title": self.title,
            "config": self.config,
            "command": self.command,
            "seeds": self.plan.seeds,
            "baseline": self.baseline,
            "modes": self.modes,
            "entropy": self.entropy,
            "rows": self.rows.iter().map(|row| self.row_json(row)).collect::<Vec<_>>(),
            "runs": self.runs().map(run).collect::<Vec<_>>(),
            "notes": self.notes(),
        }))
    }

    fn row_json(&self, row: &Row) -> Value {
        let summary = &row.summary;
        let mut value = json!({
            "lower": row.pair.lower,
            "upper": row.pair.upper,
            "runs": summary.runs,
            "diverged": summary.count("diverged"),
            "failed": summary.count("failed"),
            "lower_held": row.held[0],
            "upper_held": row.held[1],
            "steps_per_second": row.timing.rate.as_ref().ok(),
            "cost": row.cost(&self.baseline),
        });
        for (key, name) in all() {
            value[key] = json!(summary.spreads.get(name));
        }
        if let Err(reason) = &row.timing.rate {
            value["not_timed"] = json!(reason);
        }
        if !row.timing.unlike_baseline.is_empty() {
            value["unlike_baseline"] = json!(row.timing.unlike_baseline);
        }
        value
    }
}
