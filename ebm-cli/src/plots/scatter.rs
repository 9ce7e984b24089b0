//! A cloud of points in the plane.

use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::canvas::{Canvas, FAINT_INK, INK};
use super::density::count_remark;
use super::font::Anchor;
use super::grid::Frame;
use super::panel::Panel;
use super::scale::Scale;

const WIDTH: u32 = 1000;
const LEFT: u32 = 100;
const RIGHT: u32 = 30;
const TOP: u32 = 84;
const BELOW: u32 = 68;
const TICKS: (usize, usize) = (8, 8);
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
        let tall = (wide * self.frame.aspect()).clamp(300.0, 1400.0).round();
        Canvas::save(path, (WIDTH, TOP + tall as u32 + BELOW), |canvas| {
            let panel = Panel {
                canvas,
                place: (f64::from(LEFT), f64::from(TOP), wide, tall),
                x: Scale::Linear {
                    low: self.frame.x.low,
                    high: self.frame.x.high,
                },
                y: Scale::Linear {
                    low: self.frame.y.low,
                    high: self.frame.y.high,
                },
            };
            panel.mesh(TICKS)?;
            let drawn = panel.dots(self.points, COLOUR)?;
            panel.axes(TICKS, (&self.frame.x.name, Some(&self.frame.y.name)))?;
            canvas.text(
                self.title,
                (f64::from(LEFT), 14.0),
                (24, panel.room()),
                INK,
                Anchor::TopLeft,
            )?;
            let remark = count_remark(drawn, self.points.len());
            canvas.text(
                &remark,
                (f64::from(LEFT), 50.0),
                (17, panel.room()),
                FAINT_INK,
                Anchor::TopLeft,
            )
        })
    }
}
