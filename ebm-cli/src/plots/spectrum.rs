//! The singular values of a Jacobian over a batch.

use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::panel::{BROKEN, Curve, Panel, Place, Style, save_panels};
use super::scale::{Scale, Spacing};
use crate::numerals::label;

const MEDIAN: RGBColor = RGBColor(0, 114, 178);
/// Share of the largest value below which the axis shows nothing.
const SHOWN: f64 = 1e-12;

/// Index against singular value, the smallest first, on a logarithmic axis: the median as a line in a band from the 10 %
/// to the 90 % quantile; a picture 1600 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectrumPicture<'a> {
    /// The heading.
    pub title: &'a str,
    /// 10 % quantile, median and 90 % quantile of each singular value over the batch, smallest first; one that is 0 lies
    /// at the lower edge.
    pub quantiles: &'a [[f64; 3]],
    /// The level below which a value is rounding.
    pub rounding: f64,
}

impl SpectrumPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let (count, y) = (self.quantiles.len(), self.axis());
        // No labels between indices.
        let x = Scale::linear(0.0, count as f64 + 1.0, 10.min(count + 1));
        let places = (1..).zip(self.quantiles).map(|(index, &[low, median, high])| Place {
            x: f64::from(index),
            y: median,
            band: (low, high),
        });
        // In few dimensions the values themselves are to be seen, and not only the way between them.
        let style = if count <= 64 { Style::Dotted } else { Style::Line };
        let name = "median, and the band from the 10 % to the 90 % quantile".into();
        let mut curves = vec![Curve::new(name, MEDIAN, style, places)];
        if y.contains(self.rounding) {
            let name = format!("rounding, {}", label(self.rounding, 0.0));
            curves.push(Curve::level(name, BROKEN, self.rounding, x));
        }
        let remarks = match self.quantiles.iter().filter(|[low, ..]| !y.contains(*low)).count() {
            0 => Vec::new(),
            n => vec![format!(
                "values that are 0, or as good as that, are drawn at the lower edge: {n} of {count}"
            )],
        };
        let names = ["index, smallest first", "singular value"];
        let panel = Panel {
            height: 620,
            scales: (x, y),
            names,
            curves,
            remarks,
        };
        save_panels(path, self.title, &[panel])
    }

    /// The axis of everything, down to a level that no precision reaches.
    fn axis(&self) -> Scale {
        let values = || self.quantiles.iter().flatten().copied();
        let greatest = values().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let least = values().filter(|v| *v > greatest * SHOWN).fold(greatest, f64::min);
        match greatest > 0.0 {
            true => Scale::decades(least, greatest, 10),
            false => Scale::new(0.1, 1.0, Spacing::Log, 10),
        }
    }
}
