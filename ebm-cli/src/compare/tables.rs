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
const ABSENT: &str = "-";

impl Comparison<'_> {
    pub(super) fn table(&self) -> Table {
        let metrics = COMPARED.iter().filter_map(|(_, name, _)| Metric::find(name));
        let columns: Vec<String> = metrics.map(Metric::head).collect();
        let mut heads = vec!["lower + upper"];
        heads.extend(columns.iter().map(String::as_str));
        heads.extend(["lower held", "upper held", "steps/s", "cost", "diverged"]);
        Table::new(&heads, self.rows.iter().map(|row| self.cells(row)))
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let summary = &row.summary;
        let mean = |(_, name, _): (&str, &str, [&str; 2])| {
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
        cells.extend(COMPARED.map(mean));
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
        let metrics = COMPARED.map(|(key, ..)| ["mean", "sd", "runs"].map(|part| format!("{key}_{part}")));
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
            for (_, name, _) in COMPARED {
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
        for (key, name, _) in COMPARED {
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
