use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::panel::{BROKEN, Curve, Panel, Place, Style, save_panels};
use super::scale::{Scale, Spacing};
use crate::numerals::label;

const MEDIAN: RGBColor = RGBColor(0, 114, 178);
/// Share of the largest value below which the axis shows nothing.
const SHOWN: f64 = 1e-12;

/// Draws index against singular value, the smallest first, on a logarithmic axis: the median as a line in a band from the
/// 10 % to the 90 % quantile. Writes the picture, 1600 pixels wide, to `path` as a PNG, atomically.
///
/// `quantiles` are the 10 % quantile, the median and the 90 % quantile of each singular value over a batch; one that is
/// 0 lies at the lower edge. Below `rounding` a value is rounding.
pub fn save_spectrum(path: &Path, title: &str, quantiles: &[[f64; 3]], rounding: f64) -> Result<(), PlotError> {
    let (count, y) = (quantiles.len(), axis(quantiles));
    // No labels between indices.
    let x = Scale::linear(0.0, count as f64 + 1.0, 10.min(count + 1));
    let places = (1..).zip(quantiles).map(|(index, &[low, median, high])| Place {
        x: f64::from(index),
        y: median,
        band: (low, high),
    });
    // In few dimensions the values themselves are to be seen, and not only the way between them.
    let style = if count <= 64 { Style::Dotted } else { Style::Line };
    let name = "median, and the band from the 10 % to the 90 % quantile".into();
    let mut curves = vec![Curve { name, colour: MEDIAN, style, places: places.collect() }];
    if y.contains(rounding) {
        let name = format!("rounding, {}", label(rounding, 0.0));
        curves.push(Curve::level(name, BROKEN, rounding, x));
    }
    let remarks = match quantiles.iter().filter(|[low, ..]| !y.contains(*low)).count() {
        0 => Vec::new(),
        n => vec![format!("values that are 0, or as good as that, are drawn at the lower edge: {n} of {count}")],
    };
    let panel =
        Panel { height: 620, scales: (x, y), names: ["index, smallest first", "singular value"], curves, remarks };
    save_panels(path, title, &[panel])
}

/// The axis of everything, down to a level that no precision reaches.
fn axis(quantiles: &[[f64; 3]]) -> Scale {
    let values = || quantiles.iter().flatten().copied();
    let greatest = values().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let least = values().filter(|v| *v > greatest * SHOWN).fold(greatest, f64::min);
    if greatest > 0.0 { Scale::decades(least, greatest, 10) } else { Scale::new(0.1, 1.0, Spacing::Log, 10) }
}
