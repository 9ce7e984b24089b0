//! The table of a comparison: Markdown, CSV and JSON.

use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

use super::outcome::{Cell, Comparison, Held, Row};
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{End, Record, Spread, number, phrase};

/// The heads of the table's columns.
pub(super) const HEADS: [&str; 10] = [
    "lower + upper",
    "exact NLL, nats",
    "gap, nats",
    "modes",
    "good samples",
    "lower held",
    "upper held",
    "steps/s",
    "cost",
    "diverged",
];

const ABSENT: &str = "-";

impl Comparison {
    /// The cells of a row, for people.
    pub(super) fn cells(&self, row: &Row) -> [String; 10] {
        let sound = row.runs - row.diverged - row.failed;
        let of = |spread: &Option<Spread>, decimals: usize, factor: f64| {
            let Some(Spread {
                mean,
                standard_deviation,
                runs,
            }) = spread
            else {
                return ABSENT.to_string();
            };
            let mut text = number(mean * factor, decimals);
            if let Some(deviation) = standard_deviation {
                text.push_str(&format!(" \u{b1} {}", number(deviation * factor, decimals)));
            }
            if *runs < sound {
                text.push_str(&format!(" ({runs} of {sound} runs)"));
            }
            text
        };
        let percent = |text: String| match text.as_str() {
            ABSENT => text,
            _ => format!("{text} %"),
        };
        let held = |held: &Option<Held>| {
            held.as_ref().map_or(ABSENT.to_string(), |held| {
                let share = number(100.0 * held.share(), if held.held == held.evaluations { 0 } else { 1 });
                format!("{share} % of {} ({})", held.evaluations, held.guarantee)
            })
        };
        let failed = match row.failed {
            0 => String::new(),
            count => format!(", {count} failed"),
        };
        [
            row.pair.name(),
            of(&row.nll, 3, 1.0),
            of(&row.gap, 3, 1.0),
            of(&row.modes, 1, 1.0),
            percent(of(&row.good_share, 1, 100.0)),
            held(&row.lower_held),
            held(&row.upper_held),
            row.steps_per_second
                .map_or(ABSENT.into(), |rate| number(rate, if rate < 10.0 { 2 } else { 0 })),
            row.cost.map_or(ABSENT.into(), |cost| number(cost, 2)),
            format!("{}/{}{failed}", row.diverged, row.runs),
        ]
    }

    /// What a reader must know to read the table.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            format!(
                "Seeds {}. Mean \u{b1} sample standard deviation over the runs that did not diverge, of each run's final \
                 evaluation.",
                ranges(&self.seeds)
            ),
            "Exact NLL: negative log-likelihood on held-out data, nats per sample, log Z by quadrature. Gap: upper minus \
             lower bound."
                .into(),
            "Held: share of the evaluations of all runs at which the bound was on its side of the exact NLL, within 4 \
             standard errors and the quadrature's error; in brackets the weakest claim made for it."
                .into(),
            format!(
                "Steps/s and cost: training steps alone, timed in turns on one machine, fastest of several rounds; cost is \
                 the time of a step relative to {}'s{}.",
                self.baseline.name,
                self.baseline.steps_per_second.map_or_else(
                    || ", which broke down before it could be timed".to_string(),
                    |rate| format!(" ({rate:.0} steps/s)")
                )
            ),
        ];
        if let Some(entropy) = self.entropy {
            notes.push(format!(
                "Entropy of the data: {entropy:.4} nats; no NLL can be lower in expectation."
            ));
        }
        if let Some(modes) = self.modes {
            notes.push(format!("The data has {modes} modes."));
        }
        for row in &self.rows {
            let name = row.pair.name();
            if !row.unlike_baseline.is_empty() {
                notes.push(format!(
                    "The cost of {name} is not that of its bounds alone: {} has {}.",
                    self.baseline.name,
                    phrase(&row.unlike_baseline)
                ));
            }
            if let Some(reason) = &row.not_timed {
                notes.push(format!("{name} could not be timed: {reason}"));
            }
        }
        notes
    }

    /// The runs without a result to use: name, what happened, why.
    pub(super) fn casualties(&self) -> Vec<(&str, &'static str, &str)> {
        self.runs
            .iter()
            .filter_map(|(cell, record)| match &record.end {
                End::Sound => None,
                End::Diverged(reason) => Some((cell.name.as_str(), "diverged", reason.as_str())),
                End::Failed(reason) => Some((cell.name.as_str(), "failed", reason.as_str())),
            })
            .collect()
    }

    /// The table in Markdown, alone.
    pub(super) fn markdown_table(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&HEADS.map(String::from));
        text.push_str(&format!("|---{}|\n", "|--:".repeat(HEADS.len() - 1)));
        text.extend(self.rows.iter().map(|row| line(&self.cells(row))));
        text
    }

    /// The table in Markdown, with what is needed to read it.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("# {}: bounds compared\n\n", self.title);
        text.push_str(&self.markdown_table());
        text.push('\n');
        text.extend(self.notes().iter().map(|note| format!("- {note}\n")));
        let casualties = self.casualties();
        if !casualties.is_empty() {
            text.push_str("\n## Runs without a result\n\n");
            let line = |(name, what, why): &(&str, &str, &str)| format!("- {name} {what}: {why}\n");
            text.extend(casualties.iter().map(line));
        }
        text.push_str(&format!("\nMade by\n\n```sh\n{}\n```\n", self.command));
        text
    }

    /// The table for spreadsheets, numbers in full. Units: nats, counts, shares in [0, 1], seconds.
    ///
    /// # Errors
    /// If a cell cannot be written.
    pub(super) fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut heads: Vec<String> = ["lower", "upper", "runs", "diverged", "failed"]
            .map(String::from)
            .into();
        for figure in ["nll", "gap", "modes", "good_share"] {
            heads.extend(["mean", "sd", "runs"].map(|part| format!("{figure}_{part}")));
        }
        for side in ["lower", "upper"] {
            heads.extend(["held", "evaluations", "guarantee"].map(|part| format!("{side}_{part}")));
        }
        heads.extend(["steps_per_second", "cost"].map(String::from));
        writer.write_record(&heads).or_exit(Exit::Other)?;
        let full = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        for row in &self.rows {
            let counts = [row.runs, row.diverged, row.failed].map(|count| count.to_string());
            let mut cells = vec![row.pair.lower.clone(), row.pair.upper.clone()];
            cells.extend(counts);
            for spread in [&row.nll, &row.gap, &row.modes, &row.good_share] {
                cells.push(full(spread.map(|s| s.mean)));
                cells.push(full(spread.and_then(|s| s.standard_deviation)));
                cells.push(spread.map_or(0, |s| s.runs).to_string());
            }
            for held in [&row.lower_held, &row.upper_held] {
                let cell = |of: fn(&Held) -> String| held.as_ref().map_or_else(String::new, of);
                cells.push(cell(|held| held.held.to_string()));
                cells.push(cell(|held| held.evaluations.to_string()));
                cells.push(cell(|held| held.guarantee.to_string()));
            }
            cells.extend([full(row.steps_per_second), full(row.cost)]);
            writer.write_record(&cells).or_exit(Exit::Other)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| Failure::message(Exit::Other, error.to_string()))?;
        String::from_utf8(bytes).or_exit(Exit::Other)
    }

    /// Everything, for programs.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub(super) fn json(&self, directory: &Path) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Run<'a> {
            name: &'a str,
            pair: String,
            seed: u64,
            directory: &'a Path,
            status: &'static str,
            reason: Option<&'a str>,
            steps: Option<u64>,
            seconds: Option<f64>,
            figures: &'a BTreeMap<String, f64>,
        }
        let run = |(cell, record): &'_ (Cell, Record)| {
            let (status, reason) = match &record.end {
                End::Sound => ("sound", None),
                End::Diverged(reason) => ("diverged", Some(reason.clone())),
                End::Failed(reason) => ("failed", Some(reason.clone())),
            };
            json!(Run {
                name: &cell.name,
                pair: self.rows[cell.pair].pair.name(),
                seed: cell.seed,
                directory: record.path.strip_prefix(directory).unwrap_or(&record.path),
                status,
                reason: reason.as_deref(),
                steps: record.steps,
                seconds: record.seconds,
                figures: &record.figures,
            })
        };
        let value = json!({
            "title": self.title,
            "config": self.config,
            "command": self.command,
            "seeds": self.seeds,
            "baseline": self.baseline,
            "modes": self.modes,
            "entropy": self.entropy,
            "rows": self.rows,
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "notes": self.notes(),
        });
        Ok(format!(
            "{}\n",
            serde_json::to_string_pretty(&value).or_exit(Exit::Other)?
        ))
    }
}

/// "0 to 4" for seeds in a row.
fn ranges(seeds: &[u64]) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(only), _) => only.to_string(),
        _ => "none".into(),
    }
}
