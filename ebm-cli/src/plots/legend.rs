//! The names of curves, and the marks in them.

use plotters::style::RGBColor;

use super::PlotError;
use super::canvas::{Canvas, INK};
use super::font::Anchor;
use super::scale::label;

/// A value in words: three decimals, fewer where it is large.
pub(super) fn figure(value: f64) -> String {
    label(value, (value.abs() * 1e-4).max(0.001))
}

/// Names of curves in a row, each behind a piece of its line.
pub(super) struct Legend<'c, 'a> {
    canvas: &'c Canvas<'a>,
    at: (f64, f64),
    right: f64,
}

impl<'c, 'a> Legend<'c, 'a> {
    /// A row between two columns of the picture, at a line of it.
    pub(super) fn new(canvas: &'c Canvas<'a>, (left, right): (u32, u32), line: u32) -> Self {
        let at = (f64::from(left), f64::from(line));
        Self {
            canvas,
            at,
            right: f64::from(right),
        }
    }

    /// A name behind a piece of its line.
    pub(super) fn entry(&mut self, text: &str, colour: RGBColor) -> Result<(), PlotError> {
        let (x, y) = self.at;
        self.canvas.path(&[(x, y), (x + 28.0, y)], colour, 4)?;
        self.text(text)
    }

    /// A name behind the mark of what does not hold.
    pub(super) fn crossed(&mut self, text: &str, colour: RGBColor) -> Result<(), PlotError> {
        let (x, y) = self.at;
        cross(self.canvas, (x + 14.0, y), colour)?;
        self.text(text)
    }

    fn text(&mut self, text: &str) -> Result<(), PlotError> {
        const SIZE: u32 = 18;
        let (x, y) = self.at;
        let room = (self.right - x - 46.0).max(60.0) as u32;
        self.canvas
            .text(text, (x + 36.0, y + 1.5), (SIZE, room), INK, Anchor::Left)?;
        self.at.0 += 72.0 + f64::from(self.canvas.width_of(text, SIZE)?);
        Ok(())
    }
}

/// The mark of what does not hold: a cross.
pub(super) fn cross(canvas: &Canvas<'_>, (x, y): (f64, f64), colour: RGBColor) -> Result<(), PlotError> {
    const ARM: f64 = 8.0;
    canvas.path(&[(x - ARM, y - ARM), (x + ARM, y + ARM)], colour, 3)?;
    canvas.path(&[(x - ARM, y + ARM), (x + ARM, y - ARM)], colour, 3)
}
