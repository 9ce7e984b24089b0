use ebm_core::image::ImageShape;
use image::{Rgb, RgbImage};
use std::path::Path;

use super::PlotError;
use super::canvas::{FAINT_INK, FINE, INK, magnified, save, write};

/// Side of an image in the picture, about: small ones are magnified by a whole number.
const SIDE: usize = 64;
/// Pixels between images.
const GAP: usize = 2;
/// Pixels around everything, and between galleries.
const MARGIN: usize = 24;
/// Room for the heading and the subtitle, and for the name of a gallery.
const HEADING: usize = 78;
const NAME: usize = 28;
/// The narrowest picture that has room for its texts.
const NARROWEST: usize = 480;

/// Images of one shape under a name, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Gallery {
    /// The name; may be empty.
    pub name: &'static str,
    /// Grey levels, `[n, height, width, channels]`.
    pub levels: Vec<u8>,
}

/// Galleries of images side by side. Small images are magnified, every pixel into a square.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryPicture {
    pub title: String,
    /// A line below the heading.
    pub subtitle: String,
    /// The shape of all images; of more than one channel the first three are red, green and blue.
    pub shape: ImageShape,
    /// Images in a row of a gallery.
    pub columns: usize,
    pub galleries: Vec<Gallery>,
}

impl GalleryPicture {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let ImageShape { height, width, .. } = self.shape;
        let zoom = (SIDE / height.max(width).max(1)).max(1);
        let (tall, wide) = (zoom * height + GAP, zoom * width + GAP);
        let (values, columns) = (self.shape.values().max(1), self.columns.max(1));
        let counts = self.galleries.iter().map(|gallery| gallery.levels.len() / values);
        let (across, down) = (columns * wide, counts.max().unwrap_or(0).div_ceil(columns) * tall);
        let named = self.galleries.iter().any(|gallery| !gallery.name.is_empty());
        let top = HEADING + if named { NAME } else { 0 };
        let size = (MARGIN + self.galleries.len() * (across + MARGIN), top + down + MARGIN);
        let size = (size.0.max(NARROWEST) as u32, size.1 as u32);
        let (fine, margin) = (|pixels: usize| pixels as u32 * FINE, MARGIN as u32);
        save(path, size, |area| {
            write(area, &self.title, (margin, 14), 24, INK)?;
            write(area, &self.subtitle, (margin, 48), 17, FAINT_INK)?;
            for (index, gallery) in self.galleries.iter().enumerate() {
                let left = MARGIN + index * (across + MARGIN);
                write(area, gallery.name, (left as u32, HEADING as u32), 17, INK)?;
                for (place, levels) in gallery.levels.chunks_exact(values).enumerate() {
                    let (x, y) = (left + place % columns * wide, top + place / columns * tall);
                    let size = (fine(zoom * width), fine(zoom * height));
                    area.draw(&magnified(&self.image(levels), (fine(x) as i32, fine(y) as i32), size)?)?;
                }
            }
            Ok(())
        })
    }

    fn image(&self, levels: &[u8]) -> RgbImage {
        let ImageShape { height, width, channels } = self.shape;
        RgbImage::from_fn(width as u32, height as u32, |column, row| {
            match levels[(row as usize * width + column as usize) * channels..] {
                [red, green, blue, ..] if channels >= 3 => Rgb([red, green, blue]),
                [grey, ..] => Rgb([grey; 3]),
                [] => Rgb([0; 3]),
            }
        })
    }
}
