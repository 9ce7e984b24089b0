//! A bitmap to draw on, and its way into a PNG file.

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement};
use plotters::style::{Color, FontTransform, RGBColor, TextStyle, WHITE};
use std::io;
use std::path::Path;

use super::PlotError;
use super::font::{self, Anchor};
use ebm_train::files::write_atomically;

/// Pixels drawn along each axis for one of the file: the library places letters at whole pixels, too coarse for small
/// text.
const FINE: u32 = 2;

/// Ink of titles and axes.
pub(super) const INK: RGBColor = RGBColor(20, 20, 25);
/// Ink of remarks.
pub(super) const FAINT_INK: RGBColor = RGBColor(80, 80, 92);

/// What a drawing function draws on. All lengths and places are in pixels of the file, from the top left.
pub(super) struct Canvas<'a> {
    area: DrawingArea<BitMapBackend<'a>, Shift>,
}

impl Canvas<'_> {
    /// Draws a picture of `width` by `height` pixels and writes it to `path` as a PNG, atomically.
    pub(super) fn save(
        path: &Path,
        (width, height): (u32, u32),
        draw: impl FnOnce(&Canvas<'_>) -> Result<(), PlotError>,
    ) -> Result<(), PlotError> {
        font::register()?;
        let fine = (width * FINE, height * FINE);
        let mut pixels = vec![0; fine.0 as usize * fine.1 as usize * 3];
        {
            let area = BitMapBackend::with_buffer(&mut pixels, fine).into_drawing_area();
            area.fill(&WHITE).map_err(bug)?;
            let canvas = Canvas { area };
            draw(&canvas)?;
            canvas.area.present().map_err(bug)?;
        }
        let pixels = averaged(&pixels, width as usize, height as usize);
        let written = write_atomically(path, |file| {
            PngEncoder::new(file)
                .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
                .map_err(io::Error::other)
        });
        written.map_err(|source| PlotError::Write {
            path: path.into(),
            source,
        })
    }

    /// Writes text of `size` at most, smaller where it would be wider than `width`.
    pub(super) fn text(
        &self,
        text: &str,
        at: (f64, f64),
        (size, width): (u32, u32),
        colour: RGBColor,
        anchor: Anchor,
    ) -> Result<(), PlotError> {
        const SMALLEST: u32 = 10;
        let wide = self.width_of(text, size)?.max(1);
        let size = match wide > width {
            true => (size * width / wide).max(SMALLEST),
            false => size,
        };
        self.letters(text, at, &font::text(size * FINE, colour, anchor))
    }

    /// Writes text upwards, centred on a point.
    pub(super) fn text_upwards(&self, text: &str, at: (f64, f64), size: u32) -> Result<(), PlotError> {
        let style = font::text(size * FINE, INK, Anchor::Centre).transform(FontTransform::Rotate270);
        self.letters(text, at, &style)
    }

    fn letters(&self, text: &str, at: (f64, f64), style: &TextStyle<'_>) -> Result<(), PlotError> {
        let (x, y) = fine(at);
        self.area.draw_text(text, style, (x, y)).map_err(bug)?;
        // The typeface is a light one: half a pixel more gives it the weight that small text needs.
        self.area.draw_text(text, style, (x + 1, y)).map_err(bug)
    }

    /// Width of a text.
    pub(super) fn width_of(&self, text: &str, size: u32) -> Result<u32, PlotError> {
        let style = font::text(size * FINE, INK, Anchor::TopLeft);
        Ok(self
            .area
            .estimate_text_size(text, &style)
            .map_err(bug)?
            .0
            .div_ceil(FINE))
    }

    /// Draws a line through points.
    pub(super) fn path(&self, points: &[(f64, f64)], colour: RGBColor, width: u32) -> Result<(), PlotError> {
        let points: Vec<_> = points.iter().map(|&point| fine(point)).collect();
        let path = PathElement::new(points, colour.stroke_width(width * FINE));
        self.area.draw(&path).map_err(bug)
    }

    /// Draws a round dot; `strength` is 1 where it hides what lies below, 0 where it is invisible.
    pub(super) fn dot(&self, at: (f64, f64), radius: f64, colour: RGBColor, strength: f64) -> Result<(), PlotError> {
        let radius = (radius * f64::from(FINE)).round() as u32;
        let dot = Circle::new(fine(at), radius, colour.mix(strength).filled());
        self.area.draw(&dot).map_err(bug)
    }

    /// Colours every pixel of a rectangle (left, top, width, height): `paint` gets the pixel's place as shares of the
    /// width and height from the upper left, and returns its colour and strength.
    pub(super) fn paint(
        &self,
        (left, top, width, height): (f64, f64, f64, f64),
        paint: impl Fn(f64, f64) -> Option<(RGBColor, f64)>,
    ) -> Result<(), PlotError> {
        let ((left, top), (columns, rows)) = (fine((left, top)), fine((width, height)));
        for row in 0..rows {
            let y = (f64::from(row) + 0.5) / f64::from(rows);
            for column in 0..columns {
                let x = (f64::from(column) + 0.5) / f64::from(columns);
                if let Some((colour, strength)) = paint(x, y) {
                    let at = (left + column, top + row);
                    self.area.draw_pixel(at, &colour.mix(strength)).map_err(bug)?;
                }
            }
        }
        Ok(())
    }
}

fn fine((x, y): (f64, f64)) -> (i32, i32) {
    let place = |v: f64| (v * f64::from(FINE)).round() as i32;
    (place(x), place(y))
}

/// Each pixel of the file is the mean of the fine pixels that it covers.
fn averaged(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let side = FINE as usize;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let covered = (0..side * side).map(|i| {
                    let (row, column) = (y * side + i / side, x * side + i % side);
                    usize::from(fine[(row * width * side + column) * 3 + channel])
                });
                let sum: usize = covered.sum();
                pixels.push(((sum + side * side / 2) / (side * side)) as u8);
            }
        }
    }
    pixels
}

/// Sizes, fonts and buffers are all chosen here, so the library has no reason to fail.
fn bug(error: impl std::fmt::Display) -> PlotError {
    PlotError::PotentialBug(error.to_string())
}
