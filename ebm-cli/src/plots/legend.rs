use plotters::element::PathElement;
use plotters::style::RGBColor;

use super::PlotError;
use super::canvas::{Area, FINE, INK, width_of, write};
use super::panel::line;

/// Colours of data, samples and what is compared with them, in order.
pub(super) const INKS: [RGBColor; 4] =
    [RGBColor(20, 20, 20), RGBColor(0, 90, 160), RGBColor(185, 60, 10), RGBColor(0, 110, 80)];

/// Writes names in a row, each after a mark in its colour, `y` pixels of the file from above.
pub(super) fn legend<'a>(area: &Area<'_>, names: impl Iterator<Item = &'a str>, y: u32) -> Result<(), PlotError> {
    const WIDE: u32 = 28;
    const LETTERS: u32 = 18;
    let mut x = 20;
    for (name, ink) in names.zip(INKS.iter().cycle()) {
        let middle = ((y + LETTERS / 2) * FINE) as i32;
        let ends = [x, x + WIDE].map(|x| ((x * FINE) as i32, middle));
        area.draw(&PathElement::new(ends, line(*ink, 4)))?;
        write(area, name, (x + WIDE + 8, y), LETTERS, INK)?;
        x += WIDE + 44 + width_of(area, name, LETTERS)?;
    }
    Ok(())
}
