//! The exact likelihood between its bounds, and how far these are apart.

use plotters::style::RGBColor;
use std::path::Path;

use super::canvas::{Canvas, FAINT_INK, INK};
use super::curves::{BELOW, ENTROPY, EXACT, LEFT, LOWER, UPPER, WIDTH, X_TICKS, curve_limits, last, panel};
use super::font::Anchor;
use super::legend::{Legend, figure};
use super::panel::Panel;
use super::scale::label;
use super::{CurvePoint, PlotError, limits};

const BOUNDS_TOP: u32 = 148;
const BOUNDS_HEIGHT: u32 = 480;
const GAP_HEIGHT: u32 = 240;
const Y_TICKS: usize = 8;
const GAP: RGBColor = RGBColor(120, 70, 150);
const BROKEN: RGBColor = RGBColor(200, 0, 30);

/// A bound at the evaluations of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SandwichSide<'a> {
    /// The bound, nats.
    pub points: &'a [CurvePoint],
    /// Steps of the evaluations at which it did not hold.
    pub broken: &'a [u64],
    /// What is claimed about it: "certified".
    pub claim: &'a str,
}

/// The exact likelihood between its bounds at the evaluations of a run, and the gap between them below; a picture 1600
/// pixels wide. What is absent is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SandwichPicture<'a> {
    /// The heading.
    pub title: &'a str,
    /// The lower bound of the negative log-likelihood.
    pub lower: SandwichSide<'a>,
    /// The exact negative log-likelihood, nats.
    pub exact: &'a [CurvePoint],
    /// The upper bound of the negative log-likelihood.
    pub upper: SandwichSide<'a>,
    /// Upper minus lower bound, nats.
    pub gap: &'a [CurvePoint],
    /// Entropy of the data in nats, where it is known: no likelihood can be better.
    pub entropy: Option<f64>,
}

impl SandwichPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let gap_top = BOUNDS_TOP + BOUNDS_HEIGHT + BELOW + 44;
        let height = match self.gap {
            [] => BOUNDS_TOP + BOUNDS_HEIGHT + BELOW,
            _ => gap_top + GAP_HEIGHT + BELOW,
        };
        Canvas::save(path, (WIDTH, height), |canvas| {
            canvas.text(self.title, (20.0, 12.0), (27, WIDTH - 40), INK, Anchor::TopLeft)?;
            self.bounds_panel(canvas)?;
            match self.gap {
                [] => Ok(()),
                _ => self.gap_panel(canvas, gap_top),
            }
        })
    }

    fn last_step(&self) -> f64 {
        let all = [self.lower.points, self.exact, self.upper.points, self.gap];
        let last = all.into_iter().flatten().map(|p| p.step).max().unwrap_or(0);
        last.max(10) as f64
    }

    fn bounds_panel(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let lower = format!("lower bound ({})", self.lower.claim);
        let upper = format!("upper bound ({})", self.upper.claim);
        let curves = [
            (self.lower.points, LOWER, lower.as_str()),
            (self.exact, EXACT, "exact NLL"),
            (self.upper.points, UPPER, upper.as_str()),
        ];
        let limits = curve_limits(curves.map(|(points, ..)| points), self.entropy);

        let mut legend = Legend::new(canvas, (LEFT, WIDTH), 64);
        for (points, colour, name) in curves {
            if let Some(value) = last(points) {
                legend.entry(&format!("{name}, last {} nats", figure(value)), colour)?;
            }
        }
        let mut legend = Legend::new(canvas, (LEFT, WIDTH), 94);
        if let Some(entropy) = self.entropy {
            let text = format!("entropy of the data, {} nats", label(entropy, 0.0001));
            legend.entry(&text, ENTROPY)?;
        }
        let broken = |side: &SandwichSide<'_>| side.broken.len();
        match broken(&self.lower) + broken(&self.upper) {
            0 => {}
            count => legend.crossed(&format!("bounds that did not hold: {count}"), BROKEN)?,
        }

        let panel = panel(canvas, BOUNDS_TOP, BOUNDS_HEIGHT, self.last_step(), limits.scale);
        panel.mesh((X_TICKS, Y_TICKS))?;
        for (points, colour, _) in curves {
            curve(&panel, points, colour)?;
        }
        if let Some(entropy) = self.entropy {
            panel.level(entropy, ENTROPY)?;
        }
        for side in [&self.lower, &self.upper] {
            let at = |p: &&CurvePoint| side.broken.contains(&p.step);
            let crosses: Vec<_> = side
                .points
                .iter()
                .filter(at)
                .map(|p| (p.step as f64, p.value))
                .collect();
            panel.crosses(&crosses, BROKEN)?;
        }
        panel.axes(
            (X_TICKS, Y_TICKS),
            ("training steps", Some("negative log-likelihood, nats")),
        )?;

        let mut remarks = vec!["evaluations on held-out data; bands: \u{b1} one standard error".to_string()];
        remarks.extend(limits.remark);
        remark(&panel, &remarks.join("; "))
    }

    fn gap_panel(&self, canvas: &Canvas<'_>, top: u32) -> Result<(), PlotError> {
        let values: Vec<f64> = self.gap.iter().map(|p| p.value).collect();
        let kept: Vec<f64> = last(self.gap).into_iter().chain([0.0]).collect();
        let limits = limits::choose(&values, &kept);
        let panel = panel(canvas, top, GAP_HEIGHT, self.last_step(), limits.scale);
        if let Some(value) = last(self.gap) {
            let text = format!("gap: upper minus lower bound, last {} nats", figure(value));
            Legend::new(canvas, (LEFT, WIDTH), top - 40).entry(&text, GAP)?;
        }
        panel.mesh((X_TICKS, 5))?;
        curve(&panel, self.gap, GAP)?;
        panel.axes((X_TICKS, 5), ("training steps", Some("gap, nats")))?;
        remark(&panel, &limits.remark.unwrap_or_default())
    }
}

/// A line with its band, and a dot an evaluation.
fn curve(panel: &Panel<'_, '_>, points: &[CurvePoint], colour: RGBColor) -> Result<(), PlotError> {
    let band = |p: &CurvePoint| (p.step as f64, p.value - p.standard_error, p.value + p.standard_error);
    panel.band(&points.iter().map(band).collect::<Vec<_>>(), colour)?;
    let line: Vec<_> = points.iter().map(|p| (p.step as f64, p.value)).collect();
    panel.line(&line, colour)?;
    // One point alone is a line of its own: a dot.
    line.iter().try_for_each(|&point| panel.line(&[point], colour))
}

fn remark(panel: &Panel<'_, '_>, text: &str) -> Result<(), PlotError> {
    let (left, top, ..) = panel.place;
    panel
        .canvas
        .text(text, (left, top - 24.0), (16, panel.room()), FAINT_INK, Anchor::TopLeft)
}
