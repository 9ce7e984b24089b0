//! One figure of several candidates side by side: a strip each, with a dot a run.

use plotters::style::RGBColor;
use std::path::Path;

use super::canvas::{Canvas, FAINT_INK, INK};
use super::font::Anchor;
use super::panel::Panel;
use super::scale::Scale;
use super::{PlotError, limits};

// Narrow, with large letters: these are looked at on telephones too.
const WIDTH: u32 = 760;
const RIGHT: u32 = 36;
const TOP: u32 = 92;
const STRIP: f64 = 54.0;
const BELOW: u32 = 76;
const LETTERS: u32 = 20;
/// Room for the candidates' names at most.
const NAMES: u32 = 300;
const TICKS: usize = 6;

const RUN: RGBColor = RGBColor(0, 114, 178);
const MEAN: RGBColor = RGBColor(15, 15, 15);
const LEVEL: RGBColor = RGBColor(0, 140, 100);
const REST: RGBColor = RGBColor(224, 224, 228);

/// A candidate's values.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// The candidate.
    pub name: String,
    /// A value a run.
    pub values: Vec<f64>,
    /// Mean and, where there are several runs, standard deviation.
    pub mean: Option<(f64, Option<f64>)>,
    /// What is written where there are no values.
    pub absent: String,
}

/// One figure of several candidates, as a picture 760 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Strips<'a> {
    /// The heading.
    pub title: &'a str,
    /// What the axis shows, with its unit.
    pub axis: &'a str,
    /// The candidates, from above.
    pub strips: &'a [Strip],
    /// A level to compare with, and its name.
    pub level: Option<(f64, &'a str)>,
    /// Ends that values cannot go beyond: a share has 0 and 100 %.
    pub ends: Option<(f64, f64)>,
}

impl Strips<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let tall = STRIP * self.strips.len().max(1) as f64;
        Canvas::save(path, (WIDTH, TOP + tall as u32 + BELOW), |canvas| {
            self.draw(canvas, tall)
        })
    }

    fn draw(&self, canvas: &Canvas<'_>, tall: f64) -> Result<(), PlotError> {
        let mut names = 0;
        for strip in self.strips {
            names = names.max(canvas.width_of(&strip.name, LETTERS)?.min(NAMES));
        }
        let left = f64::from(names + 34);
        let (x, cut) = self.scale();
        let panel = Panel {
            canvas,
            place: (left, f64::from(TOP), f64::from(WIDTH - RIGHT) - left, tall),
            x,
            y: Scale::Linear {
                low: 0.0,
                high: self.strips.len().max(1) as f64,
            },
        };
        canvas.text(self.title, (16.0, 10.0), (26, WIDTH - 32), INK, Anchor::TopLeft)?;
        let mut remarks = vec!["dots: runs; bar: mean \u{b1} one standard deviation".to_string()];
        remarks.extend(self.level.map(|(_, name)| format!("dashes: {name}")));
        remarks.extend(cut);
        canvas.text(
            &remarks.join("; "),
            (16.0, 52.0),
            (17, WIDTH - 32),
            FAINT_INK,
            Anchor::TopLeft,
        )?;
        panel.columns(TICKS)?;
        if let Some((level, _)) = self.level {
            panel.upright(level, LEVEL)?;
        }
        for (index, strip) in self.strips.iter().enumerate() {
            // The first strip is the uppermost.
            let y = (self.strips.len() - index) as f64 - 0.5;
            strip.draw(&panel, y)?;
        }
        panel.bottom_axis(TICKS, self.axis, LETTERS - 2)
    }

    fn scale(&self) -> (Scale, Option<String>) {
        if let Some((low, high)) = self.ends {
            let margin = 0.03 * (high - low);
            let scale = Scale::Linear {
                low: low - margin,
                high: high + margin,
            };
            return (scale, None);
        }
        let values: Vec<f64> = self
            .strips
            .iter()
            .flat_map(|strip| strip.values.iter().copied())
            .collect();
        let bars = self.strips.iter().filter_map(|strip| strip.mean);
        let kept: Vec<f64> = bars
            .flat_map(|(mean, deviation)| [mean - deviation.unwrap_or(0.0), mean + deviation.unwrap_or(0.0)])
            .chain(self.level.map(|(level, _)| level))
            .collect();
        let limits = limits::choose(&values, &kept);
        (limits.scale, limits.remark)
    }
}

impl Strip {
    fn draw(&self, panel: &Panel<'_, '_>, y: f64) -> Result<(), PlotError> {
        let (canvas, line) = (panel.canvas, panel.line_of(y));
        let (left, right) = (panel.place.0, panel.place.0 + panel.place.2);
        canvas.text(&self.name, (left - 14.0, line), (LETTERS, NAMES), INK, Anchor::Right)?;
        let Some((mean, deviation)) = self.mean else {
            let at = (left + 14.0, line);
            return canvas.text(
                &self.absent,
                at,
                (LETTERS - 3, panel.room() - 20),
                FAINT_INK,
                Anchor::Left,
            );
        };
        canvas.path(&[(left, line), (right, line)], REST, 1)?;
        let column = panel.column(mean);
        if let Some(deviation) = deviation {
            let (from, to) = (panel.column(mean - deviation), panel.column(mean + deviation));
            canvas.path(&[(from, line), (to, line)], MEAN, 3)?;
        }
        for &value in self.values.iter().filter(|value| value.is_finite()) {
            canvas.dot((panel.column(value), line), 5.5, RUN, 0.6)?;
        }
        canvas.path(&[(column, line - 13.0), (column, line + 13.0)], MEAN, 3)
    }
}
