use plotters::element::PathElement;
use std::path::Path;

use super::canvas::{Area, FAINT_INK, FINE, INK, save, write};
use super::legend::{INKS, legend};
use super::limits::{ascending, near};
use super::panel::{axes, line};
use super::{PlotError, scale::Scale};
use crate::numerals::label;

/// Pixels of the file: the size of a panel, with `LEFT`, `RIGHT`, `HEADING` and `BELOW` around its axes; the place where panels begin.
const PANEL: (u32, u32) = (400, 300);
const LEFT: u32 = 76;
const RIGHT: u32 = 12;
const HEADING: u32 = 50;
const BELOW: u32 = 60;
const TOP: u32 = 80;
/// Panels in a row.
const ROW: usize = 4;
/// Bars of a series.
const BARS: usize = 48;
/// Share of all values at either end that need not be shown, if they lie far out.
const TAIL: f64 = 0.01;

/// Densities of several series of values on the same axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub title: String,
    /// The quantity along the axis, with its unit.
    pub axis: String,
    /// Names and values. Those that are not finite are left out, and those far out are only counted.
    pub series: Vec<(String, Vec<f64>)>,
}

/// Draws histograms, up to four in a row, 400 pixels wide each, and writes the picture to `path` as a PNG, atomically.
pub fn save_histograms(path: &Path, title: &str, panels: &[Histogram]) -> Result<(), PlotError> {
    let columns = panels.len().clamp(2, ROW);
    let rows = panels.len().div_ceil(columns).max(1);
    save(path, (PANEL.0 * columns as u32, TOP + PANEL.1 * rows as u32), |area| {
        write(area, title, (20, 12), 24, INK)?;
        let most = panels.iter().max_by_key(|panel| panel.series.len());
        legend(area, most.iter().flat_map(|panel| &panel.series).map(|(name, _)| name.as_str()), 48)?;
        let (_, below) = area.split_vertically(TOP * FINE);
        let places = below.split_evenly((rows, columns));
        panels.iter().zip(&places).try_for_each(|(panel, place)| panel.draw(place))
    })
}

impl Histogram {
    fn draw(&self, area: &Area<'_>) -> Result<(), PlotError> {
        let (low, high) = self.range();
        let drawn: Vec<Bars> = self.series.iter().map(|(_, values)| Bars::of(values, (low, high))).collect();
        let highest = drawn.iter().flat_map(|bars| &bars.heights).copied().fold(0.0, f64::max);
        let y = if highest > 0.0 { 1.08 * highest } else { 1.0 };
        write(area, &self.title, (LEFT, 2), 18, INK)?;
        let outside: usize = drawn.iter().map(|bars| bars.outside).sum();
        if outside > 0 {
            let remark = format!("{} values outside the axes", label(outside as f64, 1.0));
            write(area, &remark, (LEFT, 26), 15, FAINT_INK)?;
        }
        let scales = (Scale::linear(low, high, 5), Scale::linear(0.0, y, 4));
        let mut chart = axes(area, scales, [&self.axis, "density"], [HEADING, RIGHT, BELOW, LEFT])?;
        for (bars, ink) in drawn.iter().zip(INKS.iter().cycle()) {
            chart.draw_series([PathElement::new(bars.outline((low, high)), line(*ink, 2))])?;
        }
        Ok(())
    }

    /// The ends of the axis: all values, or all but a few that lie far out.
    fn range(&self) -> (f64, f64) {
        let sorted = ascending(self.series.iter().flat_map(|(_, values)| values).copied());
        let near = near(&sorted, TAIL);
        let inside = |value: &&f64| near.contains(*value);
        match (sorted.iter().find(inside), sorted.iter().rfind(inside)) {
            (Some(low), Some(high)) if low < high => (*low, *high),
            (Some(only), _) => (only - 0.5, only + 0.5),
            (None, _) => (0.0, 1.0),
        }
    }
}

/// A series in bars of equal width.
#[derive(Debug, PartialEq)]
struct Bars {
    /// The density in each.
    heights: Vec<f64>,
    /// Finite values beyond the ends.
    outside: usize,
}

impl Bars {
    fn of(values: &[f64], (low, high): (f64, f64)) -> Self {
        let width = (high - low) / BARS as f64;
        let (mut counts, mut outside) = (vec![0usize; BARS], 0);
        for value in values.iter().filter(|value| value.is_finite()) {
            match (low..=high).contains(value) {
                true => counts[(((value - low) / width) as usize).min(BARS - 1)] += 1,
                false => outside += 1,
            }
        }
        let all = (counts.iter().sum::<usize>() + outside).max(1) as f64;
        Self { heights: counts.into_iter().map(|count| count as f64 / (all * width)).collect(), outside }
    }

    fn outline(&self, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
        let edge = |index: usize| low + (high - low) * index as f64 / BARS as f64;
        let tops = self.heights.iter().enumerate();
        let tops = tops.flat_map(|(index, height)| [(edge(index), *height), (edge(index + 1), *height)]);
        [(low, 0.0)].into_iter().chain(tops).chain([(high, 0.0)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_of_the_bars_is_the_share_of_the_values_inside() {
        let mut values: Vec<f64> = (0..300).map(|i| f64::from(i) / 100.0).collect();
        values.extend([1e9, f64::NAN]);
        let histogram = Histogram { title: String::new(), axis: String::new(), series: vec![(String::new(), values)] };
        let (low, high) = histogram.range();
        assert_eq!((low, high), (0.0, 2.99));
        let bars = Bars::of(&histogram.series[0].1, (low, high));
        let area: f64 = bars.heights.iter().map(|height| height * (high - low) / BARS as f64).sum();
        assert!(bars.outside == 1 && (area - 300.0 / 301.0).abs() < 1e-12, "{area}");
        // Uniform: 1/3 each, to the values on the edge of a bar.
        assert!(bars.heights.iter().all(|height| (height - 1.0 / 3.0).abs() < 0.06), "{bars:?}");
    }

    #[test]
    fn one_value_and_none_have_an_axis() {
        let of = |values: &[f64]| {
            let series = vec![(String::new(), values.to_vec())];
            Histogram { title: String::new(), axis: String::new(), series }.range()
        };
        assert_eq!([of(&[3.0, 3.0]), of(&[f64::NAN])], [(2.5, 3.5), (0.0, 1.0)]);
    }
}
