//! One pair of axes on a canvas, and what can be drawn between them.

use plotters::style::RGBColor;

use super::PlotError;
use super::canvas::{Canvas, INK};
use super::colour_map;
use super::font::Anchor;
use super::grid::Grid;
use super::legend::cross;
use super::scale::{Scale, label};

/// Size of tick labels in pixels.
const TICK: u32 = 15;
const TICK_ROOM: u32 = 100;
const MESH: RGBColor = RGBColor(224, 224, 228);

/// A rectangle of a canvas with a scale along each side.
pub(super) struct Panel<'c, 'a> {
    pub(super) canvas: &'c Canvas<'a>,
    /// Left, top, width, height in pixels.
    pub(super) place: (f64, f64, f64, f64),
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Panel<'_, '_> {
    fn left(&self) -> f64 {
        self.place.0
    }
    fn right(&self) -> f64 {
        self.place.0 + self.place.2
    }
    fn top(&self) -> f64 {
        self.place.1
    }
    pub(super) fn bottom(&self) -> f64 {
        self.place.1 + self.place.3
    }
    /// Room for a text along the panel.
    pub(super) fn room(&self) -> u32 {
        self.place.2 as u32
    }
    pub(super) fn column(&self, x: f64) -> f64 {
        self.left() + self.x.place(x) * self.place.2
    }
    pub(super) fn line_of(&self, y: f64) -> f64 {
        self.bottom() - self.y.place(y) * self.place.3
    }

    /// Upright lines at round values: to be drawn first.
    pub(super) fn columns(&self, wanted: usize) -> Result<(), PlotError> {
        for x in self.x.ticks(wanted) {
            let column = self.column(x);
            self.canvas
                .path(&[(column, self.top()), (column, self.bottom())], MESH, 1)?;
        }
        Ok(())
    }

    /// Lines of the mesh at round values: to be drawn first.
    pub(super) fn mesh(&self, (wanted_x, wanted_y): (usize, usize)) -> Result<(), PlotError> {
        self.columns(wanted_x)?;
        for y in self.y.ticks(wanted_y) {
            let line = self.line_of(y);
            self.canvas
                .path(&[(self.left(), line), (self.right(), line)], MESH, 1)?;
        }
        Ok(())
    }

    /// Frame, tick labels and the axes' names: to be drawn last. `y_name` stands upright at the left.
    pub(super) fn axes(
        &self,
        (wanted_x, wanted_y): (usize, usize),
        (x_name, y_name): (&str, Option<&str>),
    ) -> Result<(), PlotError> {
        self.bottom_axis(wanted_x, x_name, TICK + 1)?;
        let (left, top, bottom) = (self.left(), self.top(), self.bottom());
        let ticks = self.y.ticks(wanted_y);
        let mut widest = 0;
        for &y in &ticks {
            let line = self.line_of(y);
            self.canvas.path(&[(left - 5.0, line), (left, line)], INK, 1)?;
            let text = tick_label(self.y, y, &ticks);
            widest = widest.max(self.canvas.width_of(&text, TICK)?.min(TICK_ROOM));
            self.canvas
                .text(&text, (left - 8.0, line + 1.5), (TICK, TICK_ROOM), INK, Anchor::Right)?;
        }
        match y_name {
            Some(name) => {
                let at = (left - 8.0 - f64::from(widest) - 14.0, (top + bottom) / 2.0);
                self.canvas.text_upwards(name, at, TICK + 1)
            }
            None => Ok(()),
        }
    }

    /// Frame, tick labels and name of the horizontal axis, in letters of `size`: to be drawn last.
    pub(super) fn bottom_axis(&self, wanted: usize, name: &str, size: u32) -> Result<(), PlotError> {
        let (left, right, top, bottom) = (self.left(), self.right(), self.top(), self.bottom());
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.canvas.path(&corners, INK, 1)?;
        let letters = size - 1;
        let ticks = self.x.ticks(wanted);
        for &x in &ticks {
            let column = self.column(x);
            self.canvas.path(&[(column, bottom), (column, bottom + 5.0)], INK, 1)?;
            let text = tick_label(self.x, x, &ticks);
            self.canvas
                .text(&text, (column, bottom + 9.0), (letters, TICK_ROOM), INK, Anchor::Top)?;
        }
        let middle = ((left + right) / 2.0, bottom + f64::from(letters) + 15.0);
        self.canvas.text(name, middle, (size, self.room()), INK, Anchor::Top)
    }

    /// A dashed upright line across the panel.
    pub(super) fn upright(&self, x: f64, colour: RGBColor) -> Result<(), PlotError> {
        let column = self.column(x);
        let mut from = self.top();
        while from < self.bottom() {
            let to = (from + 10.0).min(self.bottom());
            self.canvas.path(&[(column, from), (column, to)], colour, 2)?;
            from += 18.0;
        }
        Ok(())
    }

    /// Fills the panel with the colours of a grid that covers it; cells without a number are grey.
    pub(super) fn heat_map(&self, grid: &Grid, shade: impl Fn(f64) -> f64) -> Result<(), PlotError> {
        self.canvas.paint(self.place, |x, y| {
            let colour = match grid.at(x, 1.0 - y) {
                value if value.is_nan() => colour_map::UNDEFINED,
                value => colour_map::colour(shade(value)),
            };
            Some((colour, 1.0))
        })
    }

    /// A dot a point; points outside are left out. Returns how many were drawn.
    pub(super) fn dots(&self, points: &[[f64; 2]], colour: RGBColor) -> Result<usize, PlotError> {
        // Many points blend into a density; few must each be seen.
        let (radius, strength) = match points.len() {
            0..=500 => (3.0, 0.7),
            501..=5_000 => (2.0, 0.45),
            5_001..=20_000 => (1.5, 0.3),
            _ => (1.0, 0.2),
        };
        let mut drawn = 0;
        for &[x, y] in points {
            if self.x.contains(x) && self.y.contains(y) {
                self.canvas
                    .dot((self.column(x), self.line_of(y)), radius, colour, strength)?;
                drawn += 1;
            }
        }
        Ok(drawn)
    }

    /// A line through points in order of x. A value that is not finite interrupts it; one outside runs along the edge.
    pub(super) fn line(&self, points: &[(f64, f64)], colour: RGBColor) -> Result<(), PlotError> {
        for run in runs(points, |(x, y)| x.is_finite() && y.is_finite()) {
            let places: Vec<_> = run.iter().map(|&(x, y)| (self.column(x), self.line_of(y))).collect();
            match places[..] {
                [only] => self.canvas.dot(only, 3.0, colour, 1.0)?,
                _ => self.canvas.path(&places, colour, 2)?,
            }
        }
        Ok(())
    }

    /// A cross at each point.
    pub(super) fn crosses(&self, points: &[(f64, f64)], colour: RGBColor) -> Result<(), PlotError> {
        let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        finite
            .map(|&(x, y)| (self.column(x), self.line_of(y)))
            .try_for_each(|at| cross(self.canvas, at, colour))
    }

    /// A dashed horizontal line across the panel.
    pub(super) fn level(&self, y: f64, colour: RGBColor) -> Result<(), PlotError> {
        let line = self.line_of(y);
        let mut from = self.left();
        while from < self.right() {
            let to = (from + 10.0).min(self.right());
            self.canvas.path(&[(from, line), (to, line)], colour, 2)?;
            from += 18.0;
        }
        Ok(())
    }

    /// The band between two values a point, `(x, low, high)`, in a pale colour.
    pub(super) fn band(&self, points: &[(f64, f64, f64)], colour: RGBColor) -> Result<(), PlotError> {
        for run in runs(points, |(x, low, high)| {
            x.is_finite() && low.is_finite() && high.is_finite()
        }) {
            for pair in run.windows(2) {
                let place = |(x, low, high)| (self.column(x), self.line_of(low), self.line_of(high));
                let ((x0, low0, high0), (x1, low1, high1)) = (place(pair[0]), place(pair[1]));
                let (above, below) = (high0.min(high1), low0.max(low1));
                let tall = below - above;
                self.canvas.paint((x0, above, x1 - x0, tall), |x, y| {
                    let line = above + tall * y;
                    let inside = line >= high0 + (high1 - high0) * x && line <= low0 + (low1 - low0) * x;
                    inside.then_some((colour, 0.22))
                })?;
            }
        }
        Ok(())
    }
}

/// A tick's label, with the digits that its neighbours need.
fn tick_label(scale: Scale, value: f64, ticks: &[f64]) -> String {
    match scale {
        Scale::Linear { .. } => label(value, ticks.get(1).map_or(0.0, |next| next - ticks[0])),
        Scale::Symlog { .. } | Scale::Log { .. } => label(value, value.abs()),
    }
}

/// The longest stretches of points that are all good.
fn runs<T: Copy>(points: &[T], good: impl Fn(T) -> bool) -> impl Iterator<Item = &[T]> {
    points.split(move |&point| !good(point)).filter(|run| !run.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_value_splits_a_line_in_two() {
        let values = [f64::NAN, 1.0, 2.0, f64::INFINITY, 3.0, f64::NAN, f64::NAN];
        let found: Vec<&[f64]> = runs(&values, f64::is_finite).collect();
        assert_eq!(found, [&[1.0, 2.0][..], &[3.0]]);
    }
}
