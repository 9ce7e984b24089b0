//! A cloud of points in the plane.

use plotters::element::Circle;
use plotters::style::{Color, RGBColor};
use std::path::Path;

use super::PlotError;
use super::canvas::{FAINT_INK, FINE, INK, save, write};
use super::frame::Frame;
use super::panel::{Chart, axes};
use super::scale::Scale;
use crate::numerals::label;

const WIDTH: u32 = 1000;
const LEFT: u32 = 100;
const RIGHT: u32 = 30;
const ABOVE: u32 = 84;
const BELOW: u32 = 68;
const COLOUR: RGBColor = RGBColor(0, 90, 160);

/// Points in the plane, as a picture 1000 pixels wide. See [`Frame::around`] for axes that suit them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter<'a> {
    /// The heading.
    pub title: &'a str,
    /// The rectangle shown; points outside are counted, not drawn.
    pub frame: &'a Frame,
    /// The points.
    pub points: &'a [[f64; 2]],
}

impl Scatter<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let wide = f64::from(WIDTH - LEFT - RIGHT);
        let tall = (wide * self.frame.height() / self.frame.width())
            .clamp(300.0, 1400.0)
            .round() as u32;
        save(path, (WIDTH, ABOVE + tall + BELOW), |area| {
            write(area, self.title, (LEFT, 14), 24, INK)?;
            write(area, &count(self.frame, self.points), (LEFT, 50), 17, FAINT_INK)?;
            let (scales, names) = (self.frame.scales(8), [&*self.frame.names[0], &self.frame.names[1]]);
            let mut chart = axes(area, scales, names, [ABOVE, RIGHT, BELOW, LEFT])?;
            dots(&mut chart, scales, self.points, COLOUR)
        })
    }
}

/// Draws a dot for each point within the axes.
pub(super) fn dots(
    chart: &mut Chart<'_, '_>,
    (x, y): (Scale, Scale),
    points: &[[f64; 2]],
    colour: RGBColor,
) -> Result<(), PlotError> {
    // Many points blend into a density; few must each be seen.
    let (radius, strength) = match points.len() {
        0..=500 => (3 * FINE, 0.7),
        501..=5_000 => (2 * FINE, 0.45),
        5_001..=20_000 => (3 * FINE / 2, 0.3),
        _ => (FINE, 0.2),
    };
    let inside = points.iter().filter(|p| x.contains(p[0]) && y.contains(p[1]));
    chart.draw_series(inside.map(|p| Circle::new((p[0], p[1]), radius, colour.mix(strength).filled())))?;
    Ok(())
}

/// How many points are shown, and how many are not.
pub(super) fn count(frame: &Frame, points: &[[f64; 2]]) -> String {
    let (x, y) = frame.scales(0);
    let all = label(points.len() as f64, 1.0);
    match points
        .iter()
        .filter(|p| !(x.contains(p[0]) && y.contains(p[1])))
        .count()
    {
        0 => format!("{all} points"),
        outside => format!("{all} points, {} of them outside the axes", label(outside as f64, 1.0)),
    }
}
