//! How a run ended: for programs (`summary.json`) and for people (the last lines of `ebm train`).

use serde::Serialize;

use crate::observers::{Divergence, History};
use ebm_eval::evaluate::{Report, Unit};

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
    pub best_nll: Option<Best>,
    /// The final evaluation.
    pub evaluation: Report,
    /// Pictures, relative to the run directory.
    pub pictures: Vec<String>,
}

/// The best value on the way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Best {
    /// The value.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The step it was measured at.
    pub step: u64,
}

impl Best {
    /// The best likelihood that a run's evaluations saw.
    pub fn nll(history: &History) -> Option<Self> {
        let best = history.best("nll")?;
        Some(Self {
            value: best.value,
            standard_error: best.standard_error,
            step: best.step,
        })
    }
}

impl Summary {
    /// The summary for a person.
    pub fn text(&self) -> String {
        let Self {
            steps,
            reason,
            seconds,
            steps_per_second,
            ..
        } = self;
        let mut text = format!("{steps} steps in {seconds:.1} s ({steps_per_second:.0} steps/s): {reason}\n");
        let shown = SHOWN.iter().filter_map(|name| self.evaluation.get(name));
        let lines: Vec<_> = shown
            .map(|figure| {
                let number = |value: f64| match figure.unit {
                    Unit::Nats => format!("{} nats", short(value)),
                    Unit::Share => format!("{:.2} %", 100.0 * value),
                    Unit::Count => format!("{value}"),
                    Unit::Number => short(value),
                };
                let error = figure
                    .standard_error
                    .map_or_else(String::new, |error| format!(" +- {}", number(error)));
                let claim = figure
                    .guarantee
                    .as_ref()
                    .map_or_else(String::new, |g| format!(", {}", g.level));
                // What comes from a grid has points, not samples.
                let sampled = figure.samples > 0 && figure.name != "outside";
                let samples = if sampled {
                    format!(" ({} samples{claim})", figure.samples)
                } else {
                    String::new()
                };
                (
                    figure.label.clone(),
                    format!("{}{error}{samples}", number(figure.value)),
                )
            })
            .collect();
        let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, value) in lines {
            text.push_str(&format!("  {label:width$}  {value}\n"));
        }
        if let Some(sandwich) = &self.evaluation.sandwich {
            text.push_str(&format!("sandwich: {sandwich}\n"));
        }
        for absent in self.evaluation.absent.iter().filter(|absent| absent.name == "nll") {
            text.push_str(&format!("  NLL: {}\n", absent.reason));
        }
        for warning in &self.evaluation.warnings {
            text.push_str(&format!("warning: {warning}\n"));
        }
        text
    }
}

fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        size if (1e-4..1e5).contains(&size) => format!("{number:.4}"),
        _ => format!("{number:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_numbers_stay_short() {
        assert_eq!(
            [0.0, -2.0139, 1.5e7, 1e-5].map(short),
            ["0", "-2.0139", "1.50e7", "1.00e-5"]
        );
    }
}
