use image::RgbImage;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;

use super::canvas::{Area, FAINT_INK, FINE, INK, letters, magnified, save, write};
use super::legend::INKS;
use super::limits::{ascending, quantile};
use super::panel::{Chart, axes};
use super::scatter::{count, dots};
use super::{PlotError, colour_map::colour, frame::Frame};
use crate::numerals::label;

/// Pixels of the file: the width of a panel, with `LEFT` for labels and `RIGHT` left empty; the place where panels
/// begin, and the heights of their heading, of their labels and of the colours' explanation.
const PANEL: u32 = 400;
const LEFT: u32 = 58;
const RIGHT: u32 = 10;
const TOP: u32 = 76;
const HEADING: u32 = 50;
const LABELS: u32 = 60;
const BAR: u32 = 14;
const BELOW: u32 = 58;

/// Points to show in a panel of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloud {
    /// The name: "Data", "Generator", "Refined: 100 Langevin steps".
    pub name: String,
    pub points: Vec<[f64; 2]>,
}

/// Energy and density as heat maps, and clouds of points (data, samples, refined samples), on the same axes.
///
/// 400 pixels a panel: four panels are 1600 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityPicture<'a> {
    pub title: &'a str,
    /// A line below the heading: the meaning of the numbers, and how they were obtained.
    pub subtitle: &'a str,
    pub frame: &'a Frame,
    /// The energy in nats at the [centres](Frame::centres) of a square number of cells.
    pub energy: &'a [f64],
    /// log Z in nats where it is known; else the density is normalised over the frame, and the picture says so.
    pub log_partition: Option<f64>,
    /// The clouds, one panel each.
    pub clouds: &'a [Cloud],
}

impl DensityPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let panels = 2 + self.clouds.len();
        let tall = self.frame.height_for(PANEL - LEFT - RIGHT).clamp(160, 800);
        let size = (PANEL * panels as u32, TOP + HEADING + tall + LABELS + BELOW);
        save(path, size, |area| {
            write(area, self.title, (20, 12), 27, INK)?;
            write(area, self.subtitle, (20, 48), 18, FAINT_INK)?;
            let panels = area.split_vertically(TOP * FINE).1.split_evenly((1, panels));
            self.draw_energy(&panels[0])?;
            self.draw_density(&panels[1])?;
            for (i, (cloud, panel)) in self.clouds.iter().zip(&panels[2..]).enumerate() {
                let remark = count(self.frame, &cloud.points);
                let mut chart = self.axes(panel, [&cloud.name, &remark], "")?;
                dots(&mut chart, self.frame.scales(5), &cloud.points, INKS[i % INKS.len()])?;
            }
            Ok(())
        })
    }

    fn draw_energy(&self, panel: &Area<'_>) -> Result<(), PlotError> {
        let chart = self.axes(panel, ["Energy, nats", "low energy is bright"], &self.frame.names[1])?;
        // Low energy is bright, so that both heat maps are bright where the model expects data.
        Range::of_energy(self.energy).draw(panel, &chart, self.energy, |share| 1.0 - share, "nats")
    }

    fn draw_density(&self, panel: &Area<'_>) -> Result<(), PlotError> {
        let (log_z, remark) = match self.log_partition {
            Some(log_z) => (log_z, format!("p = exp(\u{2212}E)/Z, log Z = {} nats", label(log_z, 0.001))),
            None => (self.log_partition_of_frame(), "Z unknown: normalised over this frame".into()),
        };
        let density: Vec<f64> = self.energy.iter().map(|energy| (-energy - log_z).exp()).collect();
        let chart = self.axes(panel, ["Model density, per unit area", &remark], "")?;
        Range::of_density(&density).draw(panel, &chart, &density, |share| share, "per unit area")
    }

    /// Axes on a panel, below a title and a remark.
    fn axes<'b, 'c>(&self, panel: &'b Area<'c>, heading: [&str; 2], y_name: &str) -> Result<Chart<'b, 'c>, PlotError> {
        write(panel, heading[0], (LEFT, 2), 20, INK)?;
        write(panel, heading[1], (LEFT, 26), 16, FAINT_INK)?;
        let around = [HEADING, RIGHT, LABELS + BELOW, LEFT];
        axes(panel, self.frame.scales(5), [&self.frame.names[0], y_name], around)
    }

    /// log of the integral of exp(-E) over the frame, by the midpoint rule.
    fn log_partition_of_frame(&self) -> f64 {
        let finite = || self.energy.iter().copied().filter(|e| e.is_finite());
        let lowest = finite().fold(f64::INFINITY, f64::min);
        if lowest == f64::INFINITY {
            return 0.0;
        }
        let sum: f64 = finite().map(|e| (lowest - e).exp()).sum();
        let cell = self.frame.area() / self.energy.len() as f64;
        (sum * cell).ln() - lowest
    }
}

/// The values that the ends of the colour map stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    /// Whether values below or above occur.
    cut: (bool, bool),
}

impl Range {
    fn new(low: f64, high: f64, sorted: &[f64]) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let cut = (sorted[0] < low, sorted[sorted.len() - 1] > high);
        Self { low, high, cut }
    }

    /// From the lowest energy to that which 95 % of the area is below: a confinement far out must not take all colours.
    fn of_energy(values: &[f64]) -> Self {
        let sorted = sorted(values);
        Self::new(sorted[0], quantile(&sorted, 0.95), &sorted)
    }

    /// From 0 to the density that 90 % of the probability stays below: one narrow spike must not take all colours.
    fn of_density(values: &[f64]) -> Self {
        let sorted = sorted(values);
        let total: f64 = sorted.iter().sum();
        let mut mass = 0.0;
        let reached = sorted.iter().position(|p| {
            mass += p;
            mass >= 0.9 * total
        });
        let high = sorted[reached.unwrap_or(sorted.len() - 1)];
        Self::new(0.0, high, &sorted)
    }

    /// Fills axes with a colour for each cell, grey without a number, and explains the colours in a bar at the lower end of
    /// the panel. `shade`: the place of a colour in the map, by the place of a value in the range.
    fn draw(
        self,
        panel: &Area<'_>,
        chart: &Chart<'_, '_>,
        values: &[f64],
        shade: impl Fn(f64) -> f64,
        unit: &str,
    ) -> Result<(), PlotError> {
        let (plot, cells) = (chart.plotting_area().strip_coord_spec(), values.len().isqrt() as u32);
        let share = |value: f64| (value - self.low) / (self.high - self.low);
        let image = RgbImage::from_fn(cells, cells, |column, row| {
            colour(shade(share(values[((cells - 1 - row) * cells + column) as usize])))
        });
        plot.draw(&magnified(&image, (0, 0), plot.dim_in_pixel())?)?;

        let (width, height) = panel.dim_in_pixel();
        let size = (width - (LEFT + RIGHT) * FINE, BAR * FINE);
        let (left, top) = ((LEFT * FINE) as i32, (height - BELOW * FINE) as i32);
        let bar =
            RgbImage::from_fn(size.0, 1, |column, _| colour(shade((f64::from(column) + 0.5) / f64::from(size.0))));
        panel.draw(&magnified(&bar, (left, top), size)?)?;
        let text = |value: f64| label(value, (self.high - self.low) / 50.0);
        let low = format!("{}{}", if self.cut.0 { "\u{2264} " } else { "" }, text(self.low));
        let middle = format!("{} {unit}", text((self.low + self.high) / 2.0));
        let high = format!("{}{}", if self.cut.1 { "\u{2265} " } else { "" }, text(self.high));
        let width = size.0 as i32;
        for (text, at, anchor) in [(low, 0, HPos::Left), (middle, width / 2, HPos::Center), (high, width, HPos::Right)]
        {
            let style = letters(16, INK).pos(Pos::new(anchor, VPos::Top));
            panel.draw_text(&text, &style, (left + at, top + ((BAR + 8) * FINE) as i32))?;
        }
        Ok(())
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut finite = ascending(values.iter().copied());
    if finite.is_empty() {
        finite.push(0.0);
    }
    finite
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_normalises_a_density_whose_log_z_is_unknown() {
        let frame = Frame::around(&[[-8.0, -8.0], [8.0, 8.0]], ["x", "y"]);
        let energy = |[x, y]: [f64; 2]| 0.5 * (x * x + y * y) + 3.0;
        let picture = DensityPicture {
            title: "",
            subtitle: "",
            frame: &frame,
            energy: &frame.centres(200).into_iter().map(energy).collect::<Vec<_>>(),
            log_partition: None,
            clouds: &[],
        };
        // A standard normal shifted by 3 nats: log(2 pi) - 3.
        let truth = (2.0 * std::f64::consts::PI).ln() - 3.0;
        assert!((picture.log_partition_of_frame() - truth).abs() < 1e-9);
    }

    #[test]
    fn neither_a_wall_nor_a_spike_nor_a_lack_of_numbers_takes_all_colours() {
        let mut energies: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        energies.extend([1e9, f64::INFINITY, f64::NAN]);
        let range = Range::of_energy(&energies);
        assert!(range.low == 0.0 && range.high < 1.0 && range.cut == (false, true), "{range:?}");
        let mut densities = vec![1.0; 1000];
        densities.push(50.0);
        let unit = |cut| Range { low: 0.0, high: 1.0, cut };
        assert_eq!(Range::of_density(&densities), unit((false, true)));
        assert_eq!(Range::of_energy(&[f64::NAN; 4]), unit((false, false)));
        assert_eq!(Range::of_density(&[f64::NAN; 4]), unit((false, false)));
    }
}
