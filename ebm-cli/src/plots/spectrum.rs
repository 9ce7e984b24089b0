//! The singular values of a Jacobian over a batch.

use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::canvas::{Canvas, FAINT_INK, INK};
use super::curves::{BELOW, LEFT, RIGHT, WIDTH, X_TICKS};
use super::font::Anchor;
use super::legend::Legend;
use super::panel::Panel;
use super::scale::{Scale, label};

const TOP: u32 = 130;
const HEIGHT: u32 = 620;
const Y_TICKS: usize = 10;
const MEDIAN: RGBColor = RGBColor(0, 114, 178);
const ROUNDING: RGBColor = RGBColor(200, 0, 30);
/// Share of the largest value below which the axis shows nothing.
const SHOWN: f64 = 1e-12;

/// A singular value over a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectrumBand {
    /// Its 10 % quantile.
    pub low: f64,
    /// Its median.
    pub median: f64,
    /// Its 90 % quantile.
    pub high: f64,
}

/// Index against singular value, the smallest first, on a logarithmic axis: the median as a line in a band from the 10 % to the
/// 90 % quantile; a picture 1600 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectrumPicture<'a> {
    /// The heading.
    pub title: &'a str,
    /// The singular values, smallest first; one that is 0 lies at the lower edge.
    pub bands: &'a [SpectrumBand],
    /// The level below which a value is rounding.
    pub rounding: f64,
}

impl SpectrumPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        Canvas::save(path, (WIDTH, TOP + HEIGHT + BELOW), |canvas| {
            canvas.text(self.title, (20.0, 12.0), (27, WIDTH - 40), INK, Anchor::TopLeft)?;
            let mut legend = Legend::new(canvas, (LEFT, WIDTH), 64);
            legend.entry("median, and the band from the 10 % to the 90 % quantile", MEDIAN)?;
            let y = self.axis();
            if y.contains(self.rounding) {
                legend.entry(&format!("rounding, {}", label(self.rounding, 0.0)), ROUNDING)?;
            }
            self.panel(canvas, y)
        })
    }

    /// Everything, down to a level that no precision reaches.
    fn axis(&self) -> Scale {
        let values = || self.bands.iter().flat_map(|band| [band.low, band.median, band.high]);
        let greatest = values().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let least = values().filter(|v| *v > greatest * SHOWN).fold(greatest, f64::min);
        match greatest > 0.0 {
            true => Scale::decades(least, greatest),
            false => Scale::Log { low: 0.1, high: 1.0 },
        }
    }

    fn panel(&self, canvas: &Canvas<'_>, y: Scale) -> Result<(), PlotError> {
        let panel = Panel {
            canvas,
            place: (
                f64::from(LEFT),
                f64::from(TOP),
                f64::from(WIDTH - LEFT - RIGHT),
                f64::from(HEIGHT),
            ),
            x: Scale::Linear {
                low: 0.0,
                high: self.bands.len() as f64 + 1.0,
            },
            y,
        };
        // No ticks between indices.
        let ticks = (X_TICKS.min(self.bands.len() + 1), Y_TICKS);
        panel.mesh(ticks)?;
        let index = |i: usize| (i + 1) as f64;
        let bands = self.bands.iter().enumerate();
        let bands: Vec<_> = bands.map(|(i, band)| (index(i), band.low, band.high)).collect();
        panel.band(&bands, MEDIAN)?;
        let medians = self.bands.iter().enumerate().map(|(i, band)| (index(i), band.median));
        let medians: Vec<_> = medians.collect();
        panel.line(&medians, MEDIAN)?;
        // In few dimensions the values themselves are to be seen, and not only the way between them.
        if medians.len() <= 64 {
            medians.iter().try_for_each(|&point| panel.line(&[point], MEDIAN))?;
        }
        if y.contains(self.rounding) {
            panel.level(self.rounding, ROUNDING)?;
        }
        panel.axes(ticks, ("index, smallest first", Some("singular value")))?;
        let outside = self.bands.iter().filter(|band| !y.contains(band.low)).count();
        let remark = match outside {
            0 => String::new(),
            n => format!(
                "values that are 0, or as good as that, are drawn at the lower edge: {n} of {}",
                self.bands.len()
            ),
        };
        let at = (f64::from(LEFT), f64::from(TOP - 24));
        canvas.text(&remark, at, (16, panel.room()), FAINT_INK, Anchor::TopLeft)
    }
}
