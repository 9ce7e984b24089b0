use std::path::Path;

use super::canvas::{FAINT_INK, FINE, INK, save, write};
use super::legend::{INKS, legend};
use super::panel::axes;
use super::scatter::{count, dots};
use super::{Frame, PlotError};

/// Pixels of the file: the side of a panel, with `LEFT`, `RIGHT`, `HEADING` and `BELOW` around its axes; the place where panels begin.
const PANEL: u32 = 440;
const LEFT: u32 = 80;
const RIGHT: u32 = 14;
const HEADING: u32 = 28;
const BELOW: u32 = 60;
const TOP: u32 = 80;

/// Rows of a table by column, with their name: "Data", "Generator".
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    pub name: String,
    /// Values of each column, equally many.
    pub values: Vec<Vec<f64>>,
}

/// Draws a scatter plot of every pair of columns, the tables one over the other, and writes the picture to `path` as a PNG, atomically.
///
/// `names` are those of the columns. The axes show the first table; points of the others outside are counted.
pub fn save_pairs(path: &Path, title: &str, names: &[String], tables: &[Columns]) -> Result<(), PlotError> {
    let pairs: Vec<[usize; 2]> = (0..names.len()).flat_map(|j| (0..j).map(move |i| [i, j])).collect();
    let columns = pairs.len().clamp(1, 3);
    let rows = pairs.len().div_ceil(columns).max(1);
    save(path, (PANEL * columns as u32, TOP + PANEL * rows as u32), |area| {
        write(area, title, (20, 12), 24, INK)?;
        legend(area, tables.iter().map(|table| table.name.as_str()), 48)?;
        let (_, below) = area.split_vertically(TOP * FINE);
        for ([i, j], place) in pairs.iter().zip(&below.split_evenly((rows, columns))) {
            let clouds: Vec<_> = tables.iter().map(|table| points(&table.values[*i], &table.values[*j])).collect();
            let frame = Frame::around(clouds.first().map(Vec::as_slice).unwrap_or_default(), [&names[*i], &names[*j]]);
            let remark = clouds.last().map(|cloud| count(&frame, cloud)).unwrap_or_default();
            write(place, &remark, (LEFT, 4), 15, FAINT_INK)?;
            let (scales, around) = (frame.scales(5), [HEADING, RIGHT, BELOW, LEFT]);
            let mut chart = axes(place, scales, [&frame.names[0], &frame.names[1]], around)?;
            for (cloud, ink) in clouds.iter().zip(INKS.iter().cycle()) {
                dots(&mut chart, scales, cloud, *ink)?;
            }
        }
        Ok(())
    })
}

fn points(x: &[f64], y: &[f64]) -> Vec<[f64; 2]> {
    x.iter().zip(y).map(|(x, y)| [*x, *y]).collect()
}
