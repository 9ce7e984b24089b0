//! How a run ended: for programs (`summary.json`) and for people (the last lines of `ebm train`).

use serde::Serialize;

use crate::evaluate::{Figure, Report, Unit};
use crate::numerals::short;
use crate::observers::Divergence;
use crate::plots::CurvePoint;

/// The figures that the last lines of `ebm train` show; `ebm evaluate` shows all.
const SHOWN: [&str; 13] = [
    "lower",
    "nll",
    "ais_nll",
    "reverse_ais_nll",
    "upper",
    "gap",
    "data_entropy",
    "outside",
    "modes_covered",
    "good_share",
    "stacked_modes",
    "stacked_kl",
    "classifier_frechet",
];

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Sound, at its last step or at a stop condition.
    Completed,
    /// At its end, but the result is not to be used.
    Diverged,
    /// At a NaN or an infinity.
    NotFinite,
}

/// How a run ended, with the figures of its final evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How it ended.
    pub status: Status,
    /// Steps done.
    pub steps: u64,
    /// Why it ended there.
    pub reason: String,
    /// Why it is said to have diverged, and what to try.
    pub divergence: Option<Divergence>,
    /// Wall-clock time of training, its evaluations included, in seconds.
    pub seconds: f64,
    /// Steps a second of that time.
    pub steps_per_second: f64,
    /// The best negative log-likelihood of the evaluations on the way, in nats.
    pub best_nll: Option<CurvePoint>,
    /// The final evaluation.
    pub evaluation: Report,
    /// Pictures, relative to the run directory.
    pub pictures: Vec<String>,
}

impl Summary {
    /// The summary for a person.
    pub fn text(&self) -> String {
        let Self {
            steps,
            reason,
            seconds,
            steps_per_second,
            evaluation,
            ..
        } = self;
        let mut text = format!("{steps} steps in {seconds:.1} s ({steps_per_second:.0} steps/s): {reason}\n");
        let shown = || SHOWN.iter().filter_map(|name| evaluation.figure(name));
        let width = shown().map(|figure| figure.label.chars().count()).max().unwrap_or(0);
        for figure in shown() {
            text.push_str(&format!("  {:width$}  {}\n", figure.label, described(figure)));
        }
        if let Some(sandwich) = &evaluation.sandwich {
            text.push_str(&format!("sandwich: {sandwich}\n"));
        }
        for absent in evaluation.absent.iter().filter(|absent| absent.name == "nll") {
            text.push_str(&format!("  NLL: {}\n", absent.reason));
        }
        for warning in &evaluation.warnings {
            text.push_str(&format!("warning: {warning}\n"));
        }
        text
    }
}

/// The value of a figure, its standard error, its samples and what is claimed about it.
fn described(figure: &Figure) -> String {
    let number = |value: f64| match figure.unit {
        Unit::Nats => format!("{} nats", short(value, 4)),
        Unit::Share => format!("{:.2} %", 100.0 * value),
        Unit::Count => format!("{value}"),
        Unit::Number => short(value, 4),
    };
    let mut text = number(figure.value);
    text.extend(figure.standard_error.map(|error| format!(" +- {}", number(error))));
    // What comes from a grid has points, not samples.
    if figure.samples > 0 && figure.name != "outside" {
        let claim = figure
            .guarantee
            .as_ref()
            .map_or_else(String::new, |g| format!(", {}", g.level));
        text.push_str(&format!(" ({} samples{claim})", figure.samples));
    }
    text
}
