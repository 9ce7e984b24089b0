//! The picture of a model in the plane: energy and density beside data and samples.

use plotters::style::RGBColor;
use std::path::Path;

use super::PlotError;
use super::canvas::{Canvas, FAINT_INK, INK};
use super::colour_map;
use super::font::Anchor;
use super::grid::{Frame, Grid, quantile};
use super::panel::Panel;
use super::scale::{Scale, count, label};

const PANEL: u32 = 400;
const LEFT: u32 = 54;
const RIGHT: u32 = 14;
const TOP: u32 = 124;
const BELOW: u32 = 118;
const TICKS: (usize, usize) = (5, 5);

/// Colours of the clouds, in order.
const INKS: [RGBColor; 4] = [
    RGBColor(20, 20, 20),
    RGBColor(0, 90, 160),
    RGBColor(185, 60, 10),
    RGBColor(0, 110, 80),
];

/// Points to show in a panel of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloud<'a> {
    /// What they are: "Data", "Generator", "Refined: 100 Langevin steps".
    pub name: &'a str,
    /// The points.
    pub points: &'a [[f64; 2]],
}

/// Energy and density as heat maps, and clouds of points (data, samples, refined samples), on the same axes.
///
/// 400 pixels a panel: four panels are 1600 pixels wide.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityPicture<'a> {
    /// The heading.
    pub title: &'a str,
    /// A line below the heading: what the numbers are, and how they were obtained.
    pub subtitle: &'a str,
    /// The rectangle shown.
    pub frame: &'a Frame,
    /// The energy over the frame, in nats.
    pub energy: &'a Grid,
    /// log Z in nats where it is known; else the density is normalised over the frame, and the picture says so.
    pub log_partition: Option<f64>,
    /// The clouds, one panel each.
    pub clouds: &'a [Cloud<'a>],
}

impl DensityPicture<'_> {
    /// Draws the picture and writes it to `path` as a PNG, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PlotError> {
        let panels = 2 + self.clouds.len() as u32;
        let side = f64::from(PANEL - LEFT - RIGHT);
        let tall = (side * self.frame.aspect()).clamp(160.0, 800.0).round();
        let size = (PANEL * panels, TOP + BELOW + tall as u32);
        Canvas::save(path, size, |canvas| {
            let room = size.0 - 40;
            canvas.text(self.title, (20.0, 12.0), (27, room), INK, Anchor::TopLeft)?;
            canvas.text(self.subtitle, (20.0, 48.0), (18, room), FAINT_INK, Anchor::TopLeft)?;
            let panel = |index: u32| Panel {
                canvas,
                place: (f64::from(index * PANEL + LEFT), f64::from(TOP), side, tall),
                x: Scale::Linear {
                    low: self.frame.x.low,
                    high: self.frame.x.high,
                },
                y: Scale::Linear {
                    low: self.frame.y.low,
                    high: self.frame.y.high,
                },
            };
            self.energy_panel(&panel(0))?;
            self.density_panel(&panel(1))?;
            for (i, cloud) in self.clouds.iter().enumerate() {
                self.cloud_panel(&panel(2 + i as u32), cloud, INKS[i % INKS.len()])?;
            }
            Ok(())
        })
    }

    fn energy_panel(&self, panel: &Panel<'_, '_>) -> Result<(), PlotError> {
        let range = energy_range(self.energy.values());
        // Low energy is bright, so that both heat maps are bright where the model expects data.
        panel.heat_map(self.energy, |e| 1.0 - range.share(e))?;
        self.heading(panel, "Energy, nats", "low energy is bright")?;
        panel.axes(TICKS, (&self.frame.x.name, Some(&self.frame.y.name)))?;
        colour_bar(panel, range, true, "nats")
    }

    fn density_panel(&self, panel: &Panel<'_, '_>) -> Result<(), PlotError> {
        let (log_z, remark) = match self.log_partition {
            Some(log_z) => (
                log_z,
                format!("p = exp(\u{2212}E)/Z, log Z = {} nats", label(log_z, 0.001)),
            ),
            None => (
                self.log_partition_of_frame(),
                "Z unknown: normalised over this frame".into(),
            ),
        };
        let density = self.energy.map(|e| (-e - log_z).exp());
        let range = density_range(density.values());
        panel.heat_map(&density, |p| range.share(p))?;
        self.heading(panel, "Model density, per unit area", &remark)?;
        panel.axes(TICKS, (&self.frame.x.name, None))?;
        colour_bar(panel, range, false, "per unit area")
    }

    fn cloud_panel(&self, panel: &Panel<'_, '_>, cloud: &Cloud<'_>, ink: RGBColor) -> Result<(), PlotError> {
        panel.mesh(TICKS)?;
        let drawn = panel.dots(cloud.points, ink)?;
        self.heading(panel, cloud.name, &count_remark(drawn, cloud.points.len()))?;
        panel.axes(TICKS, (&self.frame.x.name, None))
    }

    fn heading(&self, panel: &Panel<'_, '_>, title: &str, remark: &str) -> Result<(), PlotError> {
        let (left, top, ..) = panel.place;
        let width = panel.room();
        panel
            .canvas
            .text(title, (left, top - 46.0), (20, width), INK, Anchor::TopLeft)?;
        panel
            .canvas
            .text(remark, (left, top - 22.0), (16, width), FAINT_INK, Anchor::TopLeft)
    }

    /// log of the integral of exp(-E) over the frame, by the midpoint rule.
    fn log_partition_of_frame(&self) -> f64 {
        let finite = || self.energy.values().iter().copied().filter(|e| e.is_finite());
        let lowest = finite().fold(f64::INFINITY, f64::min);
        if lowest == f64::INFINITY {
            return 0.0;
        }
        let sum: f64 = finite().map(|e| (lowest - e).exp()).sum();
        (sum * self.energy.cell_area(self.frame)).ln() - lowest
    }
}

/// How many points are shown, and how many are not.
pub(super) fn count_remark(drawn: usize, all: usize) -> String {
    match all - drawn {
        0 => format!("{} points", count(all)),
        missing => format!("{} points, {} of them outside the axes", count(all), count(missing)),
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

    fn share(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    if finite.is_empty() {
        finite.push(0.0);
    }
    finite
}

/// From the lowest energy to the one that 95 % of the area stays below: a confinement far out must not take all colours.
fn energy_range(values: &[f64]) -> Range {
    let sorted = sorted(values);
    Range::new(sorted[0], quantile(&sorted, 0.95), &sorted)
}

/// From 0 to the density that 90 % of the probability stays below: one narrow spike must not take all colours.
fn density_range(values: &[f64]) -> Range {
    let sorted = sorted(values);
    let total: f64 = sorted.iter().sum();
    let mut mass = 0.0;
    let reached = sorted.iter().position(|p| {
        mass += p;
        mass >= 0.9 * total
    });
    let high = sorted[reached.unwrap_or(sorted.len() - 1)];
    Range::new(0.0, high, &sorted)
}

/// A bar below a panel that says what the colours mean.
fn colour_bar(panel: &Panel<'_, '_>, range: Range, reversed: bool, unit: &str) -> Result<(), PlotError> {
    const HEIGHT: f64 = 14.0;
    let (left, _, width, _) = panel.place;
    let bar = panel.bottom() + 64.0;
    panel.canvas.paint((left, bar, width, HEIGHT), |t, _| {
        Some((colour_map::colour(if reversed { 1.0 - t } else { t }), 1.0))
    })?;
    let text = |value: f64| label(value, (range.high - range.low) / 50.0);
    let low = format!("{}{}", if range.cut.0 { "\u{2264} " } else { "" }, text(range.low));
    let high = format!("{}{}", if range.cut.1 { "\u{2265} " } else { "" }, text(range.high));
    let middle = format!("{} {unit}", text((range.low + range.high) / 2.0));
    let (right, below) = (left + width, bar + HEIGHT + 8.0);
    let room = (16, panel.room() / 2);
    panel.canvas.text(&low, (left, below), room, INK, Anchor::TopLeft)?;
    panel
        .canvas
        .text(&middle, ((left + right) / 2.0, below), room, INK, Anchor::Top)?;
    panel.canvas.text(&high, (right, below), room, INK, Anchor::TopRight)
}

#[cfg(test)]
mod tests {
    use super::super::grid::Axis;
    use super::*;

    #[test]
    fn the_frame_normalises_a_density_whose_log_z_is_unknown() {
        let frame = Frame::new(Axis::new("x", -8.0, 8.0), Axis::new("y", -8.0, 8.0)).unwrap();
        let energy = |[x, y]: [f64; 2]| 0.5 * (x * x + y * y) + 3.0;
        let values = Grid::centres(&frame, 200, 200).into_iter().map(energy).collect();
        let picture = DensityPicture {
            title: "",
            subtitle: "",
            frame: &frame,
            energy: &Grid::new(200, 200, values).unwrap(),
            log_partition: None,
            clouds: &[],
        };
        // A standard normal shifted by 3 nats: log(2 pi) - 3.
        let truth = (2.0 * std::f64::consts::PI).ln() - 3.0;
        assert!((picture.log_partition_of_frame() - truth).abs() < 1e-9);
    }

    #[test]
    fn neither_a_wall_nor_a_spike_takes_all_colours() {
        let mut energies: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        energies.extend([1e9, f64::INFINITY, f64::NAN]);
        let range = energy_range(&energies);
        assert!(
            range.low == 0.0 && range.high < 1.0 && range.cut == (false, true),
            "{range:?}"
        );
        let mut densities = vec![1.0; 1000];
        densities.push(50.0);
        assert_eq!(
            density_range(&densities),
            Range {
                low: 0.0,
                high: 1.0,
                cut: (false, true)
            }
        );
    }

    #[test]
    fn an_energy_without_a_finite_value_still_has_ranges() {
        assert_eq!(
            energy_range(&[f64::NAN; 4]),
            Range {
                low: 0.0,
                high: 1.0,
                cut: (false, false)
            }
        );
        assert_eq!(
            density_range(&[f64::NAN; 4]),
            Range {
                low: 0.0,
                high: 1.0,
                cut: (false, false)
            }
        );
    }
}
