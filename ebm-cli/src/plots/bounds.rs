use plotters::style::RGBColor;
use serde::Serialize;
use std::path::Path;

use super::panel::{BROKEN, Curve, Panel, Place, Style, save_panels};
use super::{PlotError, limits, scale::Scale};
use crate::numerals::{figure, label};

const LOWER: RGBColor = RGBColor(0, 114, 178);
const EXACT: RGBColor = RGBColor(15, 15, 15);
const UPPER: RGBColor = RGBColor(213, 94, 0);
const ENTROPY: RGBColor = RGBColor(0, 140, 100);
const GAP: RGBColor = RGBColor(120, 70, 150);
const SHARE: RGBColor = RGBColor(0, 114, 178);
const MODES: RGBColor = RGBColor(170, 60, 130);

/// A value of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The value. One that is not finite is skipped and interrupts the line.
    pub value: f64,
    /// Its standard error, drawn as a band where it is finite and above 0.
    pub standard_error: f64,
    /// The number of training steps after which it was measured.
    pub step: u64,
}

/// A bound over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound<'a> {
    /// The bound, nats.
    pub points: &'a [CurvePoint],
    /// The claim about it: "certified"; may be empty.
    pub claim: &'a str,
    /// Steps at which it did not hold.
    pub broken: &'a [u64],
}

/// The negative log-likelihood between its bounds over a run, the gap between these and the quality of the samples in
/// panels below; a picture 1600 pixels wide. Absent values are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundsPicture<'a> {
    pub title: &'a str,
    pub lower: Bound<'a>,
    /// The exact negative log-likelihood, nats.
    pub exact: &'a [CurvePoint],
    pub upper: Bound<'a>,
    /// Entropy of the data in nats, where it is known: no likelihood can be better.
    pub entropy: Option<f64>,
    /// Whether all values are from evaluations on data that are not trained on, each of which should be visible.
    pub evaluated: bool,
    /// Upper minus lower bound, nats.
    pub gap: &'a [CurvePoint],
    pub coverage: Option<Coverage<'a>>,
}

/// Quality of the samples of a run, where the data has modes.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage<'a> {
    /// Share of samples near a mode, in [0, 1].
    pub good_share: &'a [CurvePoint],
    /// The meaning of "good": "within 4 standard deviations of a mode".
    pub meaning: &'a str,
    /// Number of modes that have samples.
    pub modes: &'a [CurvePoint],
    pub modes_total: usize,
}

impl BoundsPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let curves = [self.lower.points, self.exact, self.upper.points, self.gap].into_iter();
        let coverage = self.coverage.iter().flat_map(|c| [c.good_share, c.modes]);
        let last = curves.chain(coverage).flatten().map(|point| point.step).max();
        let steps = Scale::linear(0.0, last.unwrap_or(0).max(10) as f64, 10);
        let mut panels = vec![self.bounds_panel(steps)];
        panels.extend(last_value(self.gap).map(|gap| self.gap_panel(steps, gap)));
        panels.extend(self.coverage.as_ref().map(|coverage| coverage.panel(steps)));
        save_panels(path, self.title, &panels)
    }

    fn bounds_panel(&self, steps: Scale) -> Panel {
        let exact = Bound { points: self.exact, ..Bound::default() };
        let bounds =
            [("lower bound", self.lower, LOWER), ("exact NLL", exact, EXACT), ("upper bound", self.upper, UPPER)];
        let points = || bounds.iter().flat_map(|(_, bound, _)| bound.points);
        let values: Vec<f64> = points().map(|point| point.value).collect();
        let last = bounds.iter().filter_map(|(_, bound, _)| last_value(bound.points));
        let (y, limits) = limits::choose(&values, &last.chain(self.entropy).collect::<Vec<_>>(), 8);

        let curve = |(name, bound, colour): &(&str, Bound<'_>, RGBColor)| {
            let claim = if bound.claim.is_empty() { String::new() } else { format!(" ({})", bound.claim) };
            let name = format!("{name}{claim}, last {} nats", figure(last_value(bound.points)?));
            Some(self.curve(name, *colour, bound.points))
        };
        let mut curves: Vec<Curve> = bounds.iter().filter_map(curve).collect();
        curves.extend(self.entropy.map(|nats| {
            let name = format!("entropy of the data, {} nats", label(nats, 0.0001));
            Curve::level(name, ENTROPY, nats, steps)
        }));
        let broken = bounds.iter().flat_map(|(_, bound, _)| {
            let points = bound.points.iter().filter(|point| bound.broken.contains(&point.step));
            points.map(|point| Place::at(point.step as f64, point.value))
        });
        let broken: Vec<Place> = broken.collect();
        if !broken.is_empty() {
            let name = format!("bounds that did not hold: {}", broken.len());
            curves.push(Curve { name, colour: BROKEN, style: Style::Crosses, places: broken });
        }

        let mut remarks: Vec<String> = limits.into_iter().collect();
        if self.evaluated {
            remarks.push("evaluations on data that are not trained on".into());
        }
        match values.iter().filter(|value| !value.is_finite()).count() {
            skipped if skipped == values.len() => remarks.push("no finite value yet".into()),
            0 => {}
            skipped => remarks.push(format!("values that are not finite, skipped: {}", label(skipped as f64, 1.0))),
        }
        if points().any(|point| point.standard_error > 0.0) {
            remarks.push("bands: \u{b1} one standard error".into());
        }
        let names = ["training steps", "negative log-likelihood, nats"];
        Panel { height: 520, scales: (steps, y), names, curves, remarks }
    }

    fn gap_panel(&self, steps: Scale, last: f64) -> Panel {
        let values: Vec<f64> = self.gap.iter().map(|point| point.value).collect();
        let (y, limits) = limits::choose(&values, &[last, 0.0], 5);
        let name = format!("gap: upper minus lower bound, last {} nats", figure(last));
        Panel {
            height: 240,
            scales: (steps, y),
            names: ["training steps", "gap, nats"],
            curves: vec![self.curve(name, GAP, self.gap)],
            remarks: limits.into_iter().collect(),
        }
    }

    fn curve(&self, name: String, colour: RGBColor, points: &[CurvePoint]) -> Curve {
        let style = if self.evaluated { Style::Dotted } else { Style::Line };
        let place = |point: &CurvePoint| Place {
            x: point.step as f64,
            y: point.value,
            band: (point.value - point.standard_error, point.value + point.standard_error),
        };
        Curve { name, colour, style, places: points.iter().map(place).collect() }
    }
}

impl Coverage<'_> {
    fn panel(&self, steps: Scale) -> Panel {
        let curve = |name, colour, points: &[CurvePoint], whole: f64| {
            let place = |point: &CurvePoint| Place::at(point.step as f64, 100.0 * point.value / whole);
            Curve { name, colour, style: Style::Line, places: points.iter().map(place).collect() }
        };
        let share = last_value(self.good_share).map(|share| {
            let name = format!("good samples ({}), last {} %", self.meaning, label(100.0 * share, 0.1));
            curve(name, SHARE, self.good_share, 1.0)
        });
        let modes = last_value(self.modes).map(|modes| {
            let name = format!("modes with samples, last {modes} of {}", self.modes_total);
            curve(name, MODES, self.modes, self.modes_total.max(1) as f64)
        });
        Panel {
            height: 240,
            scales: (steps, Scale::linear(0.0, 104.0, 5)),
            names: ["training steps", "percent"],
            curves: share.into_iter().chain(modes).collect(),
            remarks: Vec::new(),
        }
    }
}

/// The last value of a curve that can be drawn.
fn last_value(points: &[CurvePoint]) -> Option<f64> {
    points.iter().map(|point| point.value).rfind(|value| value.is_finite())
}
