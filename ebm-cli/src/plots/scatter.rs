use plotters::element::Circle;
use plotters::style::{Color, RGBColor};
use std::path::Path;

use super::canvas::{FAINT_INK, FINE, INK, save, write};
use super::panel::{Chart, axes};
use super::{PlotError, frame::Frame, scale::Scale};
use crate::numerals::label;

const WIDTH: u32 = 1000;
const LEFT: u32 = 100;
const RIGHT: u32 = 30;
const ABOVE: u32 = 84;
const BELOW: u32 = 68;
const COLOUR: RGBColor = RGBColor(0, 90, 160);

/// Draws points in the plane, 1000 pixels wide, to a PNG at `path`, atomically. Those outside `frame` are only counted.
pub fn save_scatter(path: &Path, title: &str, frame: &Frame, points: &[[f64; 2]]) -> Result<(), PlotError> {
    let tall = frame.height_for(WIDTH - LEFT - RIGHT).clamp(300, 1400);
    save(path, (WIDTH, ABOVE + tall + BELOW), |area| {
        write(area, title, (LEFT, 14), 24, INK)?;
        write(area, &count(frame, points), (LEFT, 50), 17, FAINT_INK)?;
        let (scales, names) = (frame.scales(8), [&*frame.names[0], &frame.names[1]]);
        let mut chart = axes(area, scales, names, [ABOVE, RIGHT, BELOW, LEFT])?;
        dots(&mut chart, scales, points, COLOUR)
    })
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

/// The number of points that are shown, and of those that are not.
pub(super) fn count(frame: &Frame, points: &[[f64; 2]]) -> String {
    let (x, y) = frame.scales(0);
    let inside = points.iter().filter(|p| x.contains(p[0]) && y.contains(p[1]));
    let [all, outside] = [points.len(), points.len() - inside.count()].map(|count| label(count as f64, 1.0));
    match &*outside {
        "0" => format!("{all} points"),
        outside => format!("{all} points, {outside} of them outside the axes"),
    }
}
