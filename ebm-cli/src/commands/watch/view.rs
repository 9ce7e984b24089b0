//! What a person sees of a watched run.

use ebm_core::bounds::Measurement;
use indicatif::HumanCount;

use super::sparkline::sparkline;
use super::watched::Watched;
use crate::evaluate::Sandwich;
use crate::plots::CurvePoint;
use crate::progress::Status;
use crate::run_directory::MetricsLine;

/// Characters of a curve at most.
const CURVE: usize = 60;
/// Characters beside a curve: its name and its range.
const BESIDE: usize = 38;

/// The run in lines of about `columns` characters.
pub(super) fn view(watched: &Watched, columns: usize) -> Vec<String> {
    let history = watched.history();
    let report = history.report.as_ref();
    let mut lines = vec![title(watched), progress(watched)];
    lines.push(String::new());
    let reported = |name, measurement: Option<&Measurement>| figure(name, measurement?, None);
    let evaluated = |label, name| {
        let (step, _) = history.evaluation.as_ref()?;
        figure(label, history.latest(name)?, Some(*step))
    };
    lines.extend(reported("lower", report.and_then(|report| report.lower.as_ref())));
    lines.extend(evaluated("NLL", "nll"));
    lines.extend(reported("upper", report.and_then(|report| report.upper.as_ref())));
    lines.extend(reported("gap", report.and_then(|report| report.gap.as_ref())));
    lines.extend(samples(watched));
    if let Some((step, sandwich)) = history.sandwiches.last() {
        lines.push(format!("sandwich at step {}: {}", HumanCount(*step), verdict(sandwich)));
    }
    if let Some(report) = report {
        let norms = [
            ("energy", report.energy_gradient_norm),
            ("generator", report.generator_gradient_norm),
        ];
        let norms = norms
            .into_iter()
            .filter_map(|(name, norm)| Some(format!("{name} {}", short(norm?))));
        let norms: Vec<_> = norms.collect();
        if !norms.is_empty() {
            lines.push(format!("gradient norms: {}", norms.join(", ")));
        }
    }
    let width = columns.saturating_sub(BESIDE).clamp(8, CURVE);
    let curves = [
        ("lower", history.lower.as_slice()),
        ("NLL", history.course("nll")),
        ("upper", history.upper.as_slice()),
    ];
    let curves: Vec<_> = curves
        .into_iter()
        .filter_map(|(name, points)| curve(name, points, width))
        .collect();
    if !curves.is_empty() {
        lines.push(String::new());
        lines.extend(curves);
    }
    lines
}

/// A line about an evaluation, and one about its verdict.
pub(super) fn line(watched: &Watched, news: &MetricsLine) -> Vec<String> {
    let evaluation = news.evaluation();
    let mut status = Status::default();
    status.evaluation(&evaluation);
    status.bounds(&evaluation);
    let total = watched
        .plan()
        .steps
        .map_or_else(String::new, |steps| format!("/{steps}"));
    let event = if news.event == MetricsLine::FINAL {
        " at the end"
    } else {
        ""
    };
    let mut lines = vec![format!("step {}{total}{event} | {status}", news.step)];
    lines.extend(Sandwich::of(&evaluation).map(|sandwich| format!("  sandwich: {sandwich}")));
    lines
}

fn title(watched: &Watched) -> String {
    let plan = watched.plan();
    let path = watched.path().display();
    let bounds = match (&plan.lower, &plan.upper) {
        (Some(lower), Some(upper)) => format!(" (lower {lower}, upper {upper})"),
        _ => String::new(),
    };
    let state = match (watched.ending(), watched.held()) {
        (Some(ending), _) => ending.to_string(),
        (None, true) => "in training".into(),
        (None, false) => "no process trains it, and it has not ended".into(),
    };
    format!("{path}{bounds}: {state}")
}

fn progress(watched: &Watched) -> String {
    let step = watched.step();
    let mut text = format!("step {}", HumanCount(step));
    let total = watched.plan().steps;
    if let Some(total) = total {
        text.push_str(&format!("/{}", HumanCount(total)));
        if total > 0 {
            text.push_str(&format!(", {:.0} %", 100.0 * step as f64 / total as f64));
        }
    }
    // What ended has no remaining time, and its title tells the rate.
    if let (None, Some(rate)) = (watched.ending(), watched.per_second()) {
        text.push_str(&format!(
            ", {} steps/s",
            if rate < 10.0 {
                format!("{rate:.2}")
            } else {
                format!("{rate:.0}")
            }
        ));
        let left = total.map(|total| total.saturating_sub(step) as f64 / rate);
        text.extend(left.map(|seconds| format!(", {} left", duration(seconds))));
    }
    text
}

fn figure(name: &str, measurement: &Measurement, step: Option<u64>) -> Option<String> {
    let Measurement {
        value,
        standard_error,
        guarantee,
        ..
    } = measurement;
    let at = step.map_or_else(String::new, |step| format!(", at step {}", HumanCount(step)));
    let error = match standard_error.is_finite() {
        true => format!(" +- {}", short(*standard_error)),
        false => String::new(),
    };
    Some(format!(
        "{name:<6} {:>9}{error} nats, {}{at}",
        short(*value),
        guarantee.level
    ))
}

fn samples(watched: &Watched) -> Option<String> {
    let history = watched.history();
    let good = history
        .latest("good_share")
        .map(|good| format!("good samples {:.1} %", 100.0 * good.value));
    let modes = history
        .latest("modes_covered")
        .map(|modes| format!("modes covered {}", modes.value));
    let parts: Vec<_> = good.into_iter().chain(modes).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn verdict(sandwich: &Sandwich) -> String {
    let side = |(name, side): (&str, &crate::evaluate::Side)| match side.held {
        true => format!("{name} held ({})", side.guarantee.level),
        false => format!(
            "{name} NOT held, by {} nats ({})",
            short(side.excess),
            side.guarantee.level
        ),
    };
    sandwich.sides().map(side).collect::<Vec<_>>().join(", ")
}

fn curve(name: &str, points: &[CurvePoint], width: usize) -> Option<String> {
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
    let line = sparkline(&values, width);
    // Padded by hand: blanks within the curve are a part of it.
    let padding = " ".repeat(width.saturating_sub(line.chars().count()));
    Some(format!(
        "{name:<6} {line}{padding} {} to {} nats",
        short(low),
        short(high)
    ))
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e4).contains(&size) => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}

/// Seconds in the two largest units that they fill.
fn duration(seconds: f64) -> String {
    // A run that does not go on has no end in sight; the conversion saturates.
    let whole = seconds.ceil() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_two_largest_units() {
        let told = [0.0, 59.2, 61.0, 3725.0, 90_000.0].map(duration);
        assert_eq!(told, ["0 s", "1 min 0 s", "1 min 1 s", "1 h 2 min", "1 d 1 h"]);
    }

    #[test]
    fn a_curve_tells_its_range_and_one_without_a_value_is_left_out() {
        let points = |values: &[f64]| -> Vec<CurvePoint> {
            let point = |value: &f64| CurvePoint {
                step: 1,
                value: *value,
                standard_error: 0.1,
            };
            values.iter().map(point).collect()
        };
        assert_eq!(
            curve("NLL", &points(&[2.8, f64::NAN, -1.5]), 4).unwrap(),
            "NLL    █ ▁  -1.500 to 2.800 nats"
        );
        assert_eq!(curve("NLL", &points(&[f64::NAN]), 4), None);
    }
}
