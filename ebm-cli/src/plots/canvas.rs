//! A bitmap to draw on, its typeface, and its way into a PNG file.

use image::{Rgb, RgbImage, codecs::png::PngEncoder, imageops};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle, register_font};
use plotters::{backend::BitMapBackend, coord::Shift, element::BitMapElement};
use std::{io, path::Path, sync::LazyLock};

use super::PlotError;
use crate::run_directory::write_atomically;

/// Pixels drawn along each axis for one of the file: the library places letters at whole pixels, too coarse for small
/// text. Lengths that are not said to be in pixels of the file are in these finer ones.
pub(super) const FINE: u32 = 2;

/// The colour of titles and axes.
pub(super) const INK: RGBColor = RGBColor(20, 20, 25);
/// The colour of remarks.
pub(super) const FAINT_INK: RGBColor = RGBColor(80, 80, 92);

/// A rectangle of the bitmap.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws a picture of `width` by `height` pixels and writes it to `path` as a PNG, atomically.
pub(super) fn save(
    path: &Path,
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), PlotError>,
) -> Result<(), PlotError> {
    register_typeface()?;
    let size = (width * FINE, height * FINE);
    let mut drawn = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    {
        let area = BitMapBackend::with_buffer(&mut drawn, size).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    let picture = imageops::thumbnail(&drawn, width, height);
    write_atomically(path, |file| {
        let encoder = PngEncoder::new(file);
        picture.write_with_encoder(encoder).map_err(io::Error::other)
    })
    .map_err(|source| PlotError::Write { path: path.into(), source })
}

/// Makes the typeface known to the drawing library. It is compiled in, so that no font of the system is needed.
fn register_typeface() -> Result<(), PlotError> {
    static DONE: LazyLock<bool> =
        LazyLock::new(|| register_font("ebm", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    DONE.then_some(()).ok_or_else(|| PlotError::PotentialBug("the embedded font is not readable".into()))
}

/// Letters of a size in pixels of the file.
pub(super) fn letters(size: u32, colour: RGBColor) -> TextStyle<'static> {
    // The typeface is light: more than the whole colour gives partly covered pixels the weight that small text needs.
    ("ebm", size * FINE).into_font().color(&colour.mix(2.0))
}

/// The width of a text in letters of a size, in pixels of the file.
pub(super) fn width_of(area: &Area<'_>, text: &str, size: u32) -> Result<u32, PlotError> {
    let (width, _) = area.estimate_text_size(text, &letters(size, INK))?;
    Ok(width.div_ceil(FINE))
}

/// Writes a line of text from its upper left corner `at`, pixels of the file, in letters of `size`, or smaller to fit.
pub(super) fn write(area: &Area<'_>, text: &str, at: (u32, u32), size: u32, colour: RGBColor) -> Result<(), PlotError> {
    const SMALLEST: u32 = 10;
    let (width, room) = (width_of(area, text, size)?, (area.dim_in_pixel().0 / FINE).saturating_sub(at.0));
    let size = if width > room { (size * room / width).max(SMALLEST) } else { size };
    area.draw_text(text, &letters(size, colour), ((at.0 * FINE) as i32, (at.1 * FINE) as i32))?;
    Ok(())
}

/// An image to draw at a place, each of its pixels a rectangle: `size` pixels altogether.
pub(super) fn magnified<C>(image: &RgbImage, at: C, size: (u32, u32)) -> Result<BitMapElement<'static, C>, PlotError> {
    let image = imageops::resize(image, size.0, size.1, imageops::FilterType::Nearest);
    BitMapElement::with_owned_buffer(at, size, image.into_raw())
        .ok_or_else(|| PlotError::PotentialBug("an image has too few pixels".into()))
}
