//! The course of a run: the likelihood between its bounds, and how good the samples are.

use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::canvas::{Canvas, FAINT_INK, INK};
use super::font::Anchor;
use super::legend::{Legend, figure};
use super::limits::{self, Limits};
use super::panel::Panel;
use super::scale::{Scale, count, label};

pub(super) const WIDTH: u32 = 1600;
pub(super) const LEFT: u32 = 130;
pub(super) const RIGHT: u32 = 40;
const BOUNDS_TOP: u32 = 116;
const BOUNDS_HEIGHT: u32 = 520;
const COVERAGE_HEIGHT: u32 = 240;
pub(super) const BELOW: u32 = 68;
pub(super) const X_TICKS: usize = 10;

pub(super) const LOWER: RGBColor = RGBColor(0, 114, 178);
pub(super) const EXACT: RGBColor = RGBColor(15, 15, 15);
pub(super) const UPPER: RGBColor = RGBColor(213, 94, 0);
pub(super) const ENTROPY: RGBColor = RGBColor(0, 140, 100);
const SHARE: RGBColor = RGBColor(0, 114, 178);
const MODES: RGBColor = RGBColor(170, 60, 130);

/// A value of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Training steps done.
    pub step: u64,
    /// The value. One that is not finite is skipped and interrupts the line.
    pub value: f64,
    /// Standard error of the value, drawn as a band where it is finite and above 0.
    pub standard_error: f64,
}

/// The course of a run, as a picture 1600 pixels wide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves<'a> {
    /// The heading.
    pub title: &'a str,
    /// A lower bound of the negative log-likelihood, nats.
    pub lower: &'a [CurvePoint],
    /// The exact negative log-likelihood, nats.
    pub exact: &'a [CurvePoint],
    /// An upper bound of the negative log-likelihood, nats.
    pub upper: &'a [CurvePoint],
    /// Entropy of the data in nats, where it is known: no likelihood can be better.
    pub entropy: Option<f64>,
    /// Quality of the samples, in a panel below.
    pub coverage: Option<Coverage<'a>>,
}

/// How good the samples of a run are, where the data has modes.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage<'a> {
    /// Share of samples near a mode, in [0, 1].
    pub good_share: &'a [CurvePoint],
    /// What "good" means: "within 4 standard deviations of a mode".
    pub meaning: &'a str,
    /// Number of modes that have samples.
    pub modes: &'a [CurvePoint],
    /// Number of modes there are.
    pub modes_total: usize,
}

impl Curves<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let mut height = BOUNDS_TOP + BOUNDS_HEIGHT + BELOW;
        let coverage_top = height + 44;
        if self.coverage.is_some() {
            height = coverage_top + COVERAGE_HEIGHT + BELOW;
        }
        Canvas::save(path, (WIDTH, height), |canvas| {
            canvas.text(self.title, (20.0, 12.0), (27, WIDTH - 40), INK, Anchor::TopLeft)?;
            self.bounds_panel(canvas)?;
            match &self.coverage {
                Some(coverage) => coverage.panel(canvas, coverage_top, self.last_step()),
                None => Ok(()),
            }
        })
    }

    fn last_step(&self) -> f64 {
        let coverage = self.coverage.iter().flat_map(|c| [c.good_share, c.modes]);
        let curves = [self.lower, self.exact, self.upper].into_iter().chain(coverage);
        let last = curves.flatten().map(|p| p.step).max().unwrap_or(0);
        last.max(10) as f64
    }

    fn bounds_panel(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let curves = [
            (self.lower, LOWER, "lower bound"),
            (self.exact, EXACT, "exact NLL"),
            (self.upper, UPPER, "upper bound"),
        ];
        let drawn = curves.map(|(points, ..)| points);
        let limits = curve_limits(drawn, self.entropy);

        let mut legend = Legend::new(canvas, (LEFT, WIDTH), 64);
        for (points, colour, name) in curves {
            if let Some(value) = last(points) {
                legend.entry(&format!("{name}, last {} nats", figure(value)), colour)?;
            }
        }
        if let Some(entropy) = self.entropy {
            legend.entry(
                &format!("entropy of the data, {} nats", label(entropy, 0.0001)),
                ENTROPY,
            )?;
        }
        let panel = panel(canvas, BOUNDS_TOP, BOUNDS_HEIGHT, self.last_step(), limits.scale);
        panel.mesh((X_TICKS, 8))?;
        for (points, colour, _) in curves {
            let band: Vec<_> = points
                .iter()
                .map(|p| (p.step as f64, p.value - p.standard_error, p.value + p.standard_error))
                .collect();
            panel.band(&band, colour)?;
        }
        if let Some(entropy) = self.entropy {
            panel.level(entropy, ENTROPY)?;
        }
        for (points, colour, _) in curves {
            let line: Vec<_> = points.iter().map(|p| (p.step as f64, p.value)).collect();
            panel.line(&line, colour)?;
        }
        panel.axes((X_TICKS, 8), ("training steps", Some("negative log-likelihood, nats")))?;

        let (finite, skipped): (Vec<&CurvePoint>, Vec<_>) =
            drawn.into_iter().flatten().partition(|p| p.value.is_finite());
        let mut remarks: Vec<String> = limits.remark.into_iter().collect();
        if finite.is_empty() {
            remarks.push("no finite value yet".into());
        } else if !skipped.is_empty() {
            remarks.push(format!("values that are not finite, skipped: {}", count(skipped.len())));
        }
        let has_band = curves
            .iter()
            .flat_map(|(points, ..)| *points)
            .any(|p| p.standard_error > 0.0);
        if has_band {
            remarks.push("bands: \u{b1} one standard error".into());
        }
        let at = (f64::from(LEFT), f64::from(BOUNDS_TOP - 24));
        canvas.text(&remarks.join("; "), at, (16, panel.room()), FAINT_INK, Anchor::TopLeft)
    }
}

impl Coverage<'_> {
    fn panel(&self, canvas: &Canvas<'_>, top: u32, last_step: f64) -> Result<(), PlotError> {
        let scale = Scale::Linear { low: 0.0, high: 104.0 };
        let panel = panel(canvas, top, COVERAGE_HEIGHT, last_step, scale);
        let total = self.modes_total.max(1) as f64;
        let percent = |points: &[CurvePoint], whole: f64| -> Vec<(f64, f64)> {
            points
                .iter()
                .map(|p| (p.step as f64, 100.0 * p.value / whole))
                .collect()
        };
        let last = |points: &[CurvePoint]| points.iter().rev().map(|p| p.value).find(|v| v.is_finite());
        let mut legend = Legend::new(canvas, (LEFT, WIDTH), top - 22);
        if let Some(share) = last(self.good_share) {
            let text = format!("good samples ({}), last {} %", self.meaning, label(100.0 * share, 0.1));
            legend.entry(&text, SHARE)?;
        }
        if let Some(modes) = last(self.modes) {
            legend.entry(
                &format!("modes with samples, last {modes} of {}", self.modes_total),
                MODES,
            )?;
        }
        panel.mesh((X_TICKS, 5))?;
        panel.line(&percent(self.modes, total), MODES)?;
        panel.line(&percent(self.good_share, 1.0), SHARE)?;
        panel.axes((X_TICKS, 5), ("training steps", Some("percent")))
    }
}

/// The last value of a curve that can be drawn.
pub(super) fn last(points: &[CurvePoint]) -> Option<f64> {
    points.iter().rev().map(|p| p.value).find(|v| v.is_finite())
}

/// The vertical axis for curves, with their last values and a reference level inside.
pub(super) fn curve_limits<const N: usize>(curves: [&[CurvePoint]; N], level: Option<f64>) -> Limits {
    let values: Vec<f64> = curves.iter().flat_map(|points| *points).map(|p| p.value).collect();
    let kept: Vec<f64> = curves.iter().filter_map(|points| last(points)).chain(level).collect();
    limits::choose(&values, &kept)
}

/// A panel of the picture's full width, from step 0 to the last.
pub(super) fn panel<'c, 'a>(canvas: &'c Canvas<'a>, top: u32, height: u32, last_step: f64, y: Scale) -> Panel<'c, 'a> {
    Panel {
        canvas,
        place: (
            f64::from(LEFT),
            f64::from(top),
            f64::from(WIDTH - LEFT - RIGHT),
            f64::from(height),
        ),
        x: Scale::Linear {
            low: 0.0,
            high: last_step,
        },
        y,
    }
}
