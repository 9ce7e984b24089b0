//! Images side by side.

use ebm_core::image::ImageShape;
use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::canvas::{Canvas, FAINT_INK, INK};
use super::font::Anchor;

/// Side of an image in the picture, about: small ones are magnified by a whole number.
const SIDE: usize = 64;
/// Pixels between images.
const GAP: usize = 2;
/// Pixels around everything, and between galleries.
const MARGIN: usize = 24;
/// Room for the heading, for the subtitle, and for the name of a gallery.
const HEADING: usize = 78;
const NAME: usize = 28;
/// The narrowest picture that has room for its texts.
const NARROWEST: usize = 480;

/// Images of one shape under a name, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gallery<'a> {
    /// What they are.
    pub name: &'a str,
    /// Grey levels, `[n, height, width, channels]`.
    pub levels: &'a [u8],
}

/// Galleries of images side by side. Small images are magnified, every pixel into a square.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryPicture<'a> {
    /// The heading.
    pub title: &'a str,
    /// What is to be known about them.
    pub subtitle: &'a str,
    /// The shape of all images; of more than one channel the first three are red, green and blue.
    pub shape: ImageShape,
    /// Images in a row of a gallery.
    pub columns: usize,
    /// The galleries, from left to right.
    pub galleries: &'a [Gallery<'a>],
}

impl GalleryPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let ImageShape { height, width, .. } = self.shape;
        let zoom = (SIDE / height.max(width).max(1)).max(1);
        let (tall, wide) = (zoom * height + GAP, zoom * width + GAP);
        let values = self.shape.values().max(1);
        let most = self
            .galleries
            .iter()
            .map(|gallery| gallery.levels.len() / values)
            .max()
            .unwrap_or(0);
        let columns = self.columns.max(1);
        let (across, down) = (columns * wide, most.div_ceil(columns) * tall);
        let all = self.galleries.len() * (across + MARGIN) + MARGIN;
        let size = (all.max(NARROWEST), HEADING + NAME + down + MARGIN);
        Canvas::save(path, (size.0 as u32, size.1 as u32), |canvas| {
            let room = (size.0 - 2 * MARGIN) as u32;
            let left = MARGIN as f64;
            canvas.text(self.title, (left, 14.0), (24, room), INK, Anchor::TopLeft)?;
            canvas.text(self.subtitle, (left, 48.0), (17, room), FAINT_INK, Anchor::TopLeft)?;
            for (index, gallery) in self.galleries.iter().enumerate() {
                let left = MARGIN + index * (across + MARGIN);
                let at = (left as f64, HEADING as f64);
                canvas.text(gallery.name, at, (17, across as u32), INK, Anchor::TopLeft)?;
                for (place, levels) in gallery.levels.chunks_exact(values).enumerate() {
                    let x = left + place % columns * wide;
                    let y = HEADING + NAME + place / columns * tall;
                    let area = (x as f64, y as f64, (zoom * width) as f64, (zoom * height) as f64);
                    canvas.paint(area, |x, y| {
                        let (column, row) = ((x * width as f64) as usize, (y * height as f64) as usize);
                        Some((colour(levels, self.shape, row, column), 1.0))
                    })?;
                }
            }
            Ok(())
        })
    }
}

fn colour(levels: &[u8], shape: ImageShape, row: usize, column: usize) -> RGBColor {
    match levels[(row * shape.width + column) * shape.channels..] {
        [red, green, blue, ..] if shape.channels >= 3 => RGBColor(red, green, blue),
        [grey, ..] => RGBColor(grey, grey, grey),
        [] => RGBColor(0, 0, 0),
    }
}
