//! The view of a watched run: a screen, or lines.

use console::{Term, truncate_str};
use ebm_core::bounds::Measurement;
use indicatif::HumanCount;
use std::io;

use super::{sparkline::sparkline, watched::Watched};
use crate::numerals::{duration, short};
use crate::{plots::CurvePoint, progress::Status, run_directory::MetricsLine, shown::Shown};
use ebm_eval::evaluate::{Sandwich, Side};

/// Characters of a curve at most.
const CURVE: usize = 60;
/// Characters beside a curve: its name and its range.
const BESIDE: usize = 38;

/// A view that is redrawn in its place on a terminal.
#[derive(Debug)]
pub(super) struct Screen {
    term: Term,
    drawn: usize,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { term: Term::buffered_stdout(), drawn: 0 }
    }

    /// Draws the run over what was drawn before.
    pub(super) fn draw(&mut self, watched: &Watched) -> io::Result<()> {
        let (rows, columns) = self.term.size();
        // A line that wraps, or a view higher than the terminal, could not be cleared again.
        let (rows, columns) = (usize::from(rows).saturating_sub(1).max(1), usize::from(columns));
        let lines = view(watched, columns);
        self.term.clear_last_lines(self.drawn.min(rows))?;
        self.drawn = lines.len().min(rows);
        for line in lines.iter().take(rows) {
            self.term.write_line(&truncate_str(&Shown(line).to_string(), columns, "…"))?;
        }
        self.term.flush()
    }
}

/// The run in lines of about `columns` characters.
pub(super) fn view(watched: &Watched, columns: usize) -> Vec<String> {
    let history = &watched.follower.history;
    let report = history.report.as_ref();
    let mut lines = vec![title(watched), progress(watched), String::new()];
    let reported = |name, measurement: Option<&Measurement>| Some(figure(name, measurement?, String::new()));
    let evaluated = history.evaluation.as_ref().and_then(|(step, _)| {
        let at = format!(", at step {}", HumanCount(*step));
        Some(figure("NLL", history.latest("nll")?, at))
    });
    lines.extend(reported("lower", report.and_then(|report| report.lower.as_ref())));
    lines.extend(evaluated);
    lines.extend(reported("upper", report.and_then(|report| report.upper.as_ref())));
    lines.extend(reported("gap", report.and_then(|report| report.gap.as_ref())));
    let good = history.latest("good_share").map(|m| format!("good samples {:.1} %", 100.0 * m.value));
    let modes = history.latest("modes_covered").map(|m| format!("modes covered {}", m.value));
    lines.extend(joined("", good.into_iter().chain(modes)));
    if let Some((step, sandwich)) = history.sandwiches.last() {
        let verdicts = sandwich.sides().map(|(name, side)| verdict(name, side));
        lines.extend(joined(&format!("sandwich at step {}: ", HumanCount(*step)), verdicts));
    }
    if let Some(report) = report {
        let norms = [("energy", report.energy_gradient_norm), ("generator", report.generator_gradient_norm)];
        let norms = norms.into_iter().filter_map(|(name, norm)| Some(format!("{name} {}", short(norm?, 3))));
        lines.extend(joined("gradient norms: ", norms));
    }
    let width = columns.saturating_sub(BESIDE).clamp(8, CURVE);
    let curves =
        [("lower", history.lower.as_slice()), ("NLL", history.course("nll")), ("upper", history.upper.as_slice())];
    let curves: Vec<_> = curves.into_iter().filter_map(|(name, points)| curve(name, points, width)).collect();
    if !curves.is_empty() {
        lines.push(String::new());
        lines.extend(curves);
    }
    lines
}

/// Describes an evaluation: a line about it and one about its verdict.
pub(super) fn lines(watched: &Watched, news: &MetricsLine) -> Vec<String> {
    let at_the_end = match news.event.as_str() {
        MetricsLine::EVALUATION => "",
        MetricsLine::FINAL => " at the end",
        _ => return Vec::new(),
    };
    let evaluation = news.evaluation();
    let (step, status) = (news.step, Status::of(&evaluation));
    let total = watched.plan.steps.map_or_else(String::new, |steps| format!("/{steps}"));
    let mut lines = vec![format!("step {step}{total}{at_the_end} | {status}")];
    lines.extend(Sandwich::of(&evaluation).map(|sandwich| format!("  sandwich: {sandwich}")));
    lines
}

/// The parts on a line, if there are any.
fn joined(start: &str, parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| format!("{start}{}", parts.join(", ")))
}

fn title(watched: &Watched) -> String {
    let bounds = watched.plan.bounds.as_ref();
    let bounds = bounds.map_or_else(String::new, |(lower, upper)| format!(" (lower {lower}, upper {upper})"));
    let state = match (&watched.ending, watched.held) {
        (Some(ending), _) => ending.to_string(),
        (None, true) => "in training".into(),
        (None, false) => "no process trains it, and it has not ended".into(),
    };
    format!("{}{bounds}: {state}", watched.path.display())
}

fn progress(watched: &Watched) -> String {
    let (step, total) = (watched.follower.step, watched.plan.steps);
    let mut text = format!("step {}", HumanCount(step));
    if let Some(total) = total {
        text.push_str(&format!("/{}", HumanCount(total)));
        if total > 0 {
            text.push_str(&format!(", {:.0} %", 100.0 * step as f64 / total as f64));
        }
    }
    // A run that ended has no remaining time, and its title shows the rate.
    if let (None, Some(rate)) = (&watched.ending, watched.per_second()) {
        let decimals = if rate < 10.0 { 2 } else { 0 };
        text.push_str(&format!(", {rate:.decimals$} steps/s"));
        let left = total.map(|total| total.saturating_sub(step) as f64 / rate);
        text.extend(left.map(|seconds| format!(", {} left", duration(seconds))));
    }
    text
}

fn figure(name: &str, measurement: &Measurement, at: String) -> String {
    let (value, error) = (short(measurement.value, 3), measurement.standard_error);
    let error = if error.is_finite() { format!(" +- {}", short(error, 3)) } else { String::new() };
    let claim = measurement.level().map_or_else(String::new, |level| format!(", {level}"));
    format!("{name:<6} {value:>9}{error} nats{claim}{at}")
}

fn verdict(name: &str, side: &Side) -> String {
    let level = side.guarantee.level;
    match side.verdict() {
        None => format!("{name} without a verdict"),
        Some(true) => format!("{name} held ({level})"),
        Some(false) => format!("{name} NOT held, by {} nats ({level})", short(side.excess, 3)),
    }
}

fn curve(name: &str, points: &[CurvePoint], width: usize) -> Option<String> {
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
    let line = sparkline(&values, width);
    // Padded by hand: blanks within the curve are a part of it.
    let padding = " ".repeat(width.saturating_sub(line.chars().count()));
    let (low, high) = (short(low, 3), short(high, 3));
    Some(format!("{name:<6} {line}{padding} {low} to {high} nats"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_tells_its_range_and_one_without_a_value_is_left_out() {
        let points = |values: &[f64]| -> Vec<CurvePoint> {
            values.iter().map(|&value| CurvePoint { step: 1, value, standard_error: 0.1 }).collect()
        };
        let told = curve("NLL", &points(&[2.8, f64::NAN, -1.5]), 4).unwrap();
        assert_eq!(told, "NLL    █ ▁  -1.500 to 2.800 nats");
        assert_eq!(curve("NLL", &points(&[f64::NAN]), 4), None);
    }
}
