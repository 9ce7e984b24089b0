//! log Z between two numbers, as a proof.

use ebm_core::kernels::enclosure::Boxes;
use ebm_core::models::{EnclosedEnergy, Growth};
use ebm_train::{Cancel, Cancelled, grid::Region};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::QuadratureError;
use super::cell::log_integral;
use super::log_sum::log_total;

/// Boxes that a thread encloses at once.
const CHUNK: usize = 32;

/// Share of what is still open that the boxes that are split next make up.
const WORST: f64 = 0.8;

/// log Z of an energy, between two numbers, in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EnclosedPartition {
    /// log Z is not below this.
    pub low: f64,
    /// log Z is not above this.
    pub high: f64,
    /// Boxes whose energy was enclosed.
    pub boxes: usize,
    /// The box beyond which the confinement bounds what there is.
    pub region: Region,
}

/// A cube, and bounds of the log of the integral of exp(-E) over it.
#[derive(Clone, Copy, Debug)]
struct Cell {
    centre: [f64; 2],
    half: f64,
    low: f64,
    high: f64,
}

/// Encloses log Z of an energy in one or two dimensions until the two sides differ by `tolerance` nats, or `most` boxes are spent.
///
/// Space is divided into cubes, over each of which the energy is enclosed ([`ebm_core::kernels::enclosure`]), so that nothing can
/// hide between points. Those cubes are halved that leave most open. Beyond a large cube around 0,
/// `E(x) >= E(0) + kappa/2 |x|^2 - slope |x|`, and with a side of at least `8 slope / kappa` that is `kappa/4 |x|^2` or more, whose
/// integral is known.
///
/// # Errors
/// [`QuadratureError::Unconfined`] if nothing is known to keep Z finite, [`QuadratureError::NotEnclosed`] if a side stays infinite.
pub fn enclose_log_partition(
    energy: &dyn EnclosedEnergy,
    data_box: &Region,
    tolerance: f64,
    most: usize,
) -> Result<EnclosedPartition, QuadratureError> {
    enclose_until(energy, data_box, (tolerance, most), &Cancel::default())
}

/// [`enclose_log_partition`], and [`QuadratureError::Cancelled`] once it was cancelled.
pub(super) fn enclose_until(
    energy: &dyn EnclosedEnergy,
    data_box: &Region,
    (tolerance, most): (f64, usize),
    cancel: &Cancel,
) -> Result<EnclosedPartition, QuadratureError> {
    let axes = data_box.width();
    if !(1..=2).contains(&axes) {
        return Err(QuadratureError::Dimensions(axes));
    }
    let growth = energy.growth();
    if !(growth.curvature > 0.0 && growth.slope.is_finite()) {
        return Err(QuadratureError::Unconfined);
    }
    let (cubes, edge) = first_cubes(axes, data_box, growth);
    let mut cells = bounded(energy, axes, &cubes, cancel)?;
    let tail = log_tail(energy, axes, growth, edge);
    let mut boxes = cells.len();
    loop {
        let low = log_total(cells.iter().map(|cell| cell.low));
        let high = log_total(cells.iter().map(|cell| cell.high).chain([tail]));
        // Each sum is of positive terms, and off by less than their number of roundings. Those of the logarithm itself are within
        // what every cell allows for.
        let rounding = 4.0 * cells.len() as f64 * f64::EPSILON;
        let (low, high) = (low - rounding, high + rounding);
        let mut worst = worst(&cells, low);
        worst.truncate(most.saturating_sub(boxes) >> axes);
        if high - low <= tolerance || worst.is_empty() {
            // Of an energy that overflows, or is no number, nothing is known.
            if !(low <= high && (high - low).is_finite()) {
                return Err(QuadratureError::NotEnclosed);
            }
            return Ok(EnclosedPartition { low, high, boxes, region: Region::cube(edge, axes) });
        }
        let parts: Vec<_> = worst.iter().flat_map(|&index| halved(&cells[index], axes)).collect();
        let parts = bounded(energy, axes, &parts, cancel)?;
        boxes += parts.len();
        for (&index, parts) in worst.iter().zip(parts.chunks_exact(1 << axes)) {
            cells[index] = parts[0];
            cells.extend_from_slice(&parts[1..]);
        }
    }
}

/// Cubes that fill the box between plus and minus `edge`: those of the data's box, and around it larger and larger ones.
fn first_cubes(axes: usize, data_box: &Region, growth: Growth) -> (Vec<([f64; 2], f64)>, f64) {
    let reach = data_box.low.iter().chain(&data_box.high).fold(1e-3f64, |reach, side| reach.max(side.abs()));
    // A power of two, so that corners are exact.
    let mut edge = reach.log2().ceil().exp2();
    let far = (4.0 * growth.slope / growth.curvature).max((800.0 / growth.curvature).sqrt());
    let quarters = |edge: f64| {
        let steps = [-0.75, -0.25, 0.25, 0.75].map(|step| step * edge);
        let column = if axes == 1 { vec![0.0] } else { steps.to_vec() };
        let pairs = steps.into_iter().flat_map(move |x| column.clone().into_iter().map(move |y| [x, y]));
        pairs.map(move |centre| (centre, 0.25 * edge))
    };
    let mut cubes: Vec<_> = quarters(edge).collect();
    while edge < far {
        edge *= 2.0;
        let outside = |centre: &[f64; 2]| centre.iter().any(|x| x.abs() > 0.5 * edge);
        cubes.extend(quarters(edge).filter(|(centre, _)| outside(centre)));
    }
    (cubes, edge)
}

/// log of a bound of the integral of exp(-E) outside the cube.
fn log_tail(energy: &dyn EnclosedEnergy, axes: usize, growth: Growth, edge: f64) -> f64 {
    let (at_zero, _) = energy.over(&Boxes::points(axes, vec![0.0; axes])).range(0, 0);
    // exp(-kappa/4 r^2) outside a disc: 4 pi / kappa e^(-kappa/4 R^2); on a line at most 4 / (kappa R) of the same.
    let kappa = growth.curvature;
    let factor = if axes == 1 { 4.0 / (kappa * edge) } else { 4.0 * std::f64::consts::PI / kappa };
    let exponent = 0.25 * kappa * edge * edge;
    factor.ln() - exponent * (1.0 - 1e-12) - at_zero + 1e-9 + 1e-12 * at_zero.abs()
}

fn bounded(
    energy: &dyn EnclosedEnergy,
    axes: usize,
    cubes: &[([f64; 2], f64)],
    cancel: &Cancel,
) -> Result<Vec<Cell>, Cancelled> {
    let chunks = cubes.par_chunks(CHUNK).map(|cubes| {
        cancel.check()?;
        let centres = cubes.iter().flat_map(|(centre, _)| centre[..axes].to_vec()).collect();
        let halves = cubes.iter().flat_map(|&(_, half)| std::iter::repeat_n(half, axes)).collect();
        let energies = energy.over(&Boxes::new(axes, centres, halves));
        let cells = cubes.iter().enumerate().map(|(index, &(centre, half))| {
            let (terms, radius) = energies.model(index, 0);
            let (low, high) = log_integral(&terms, radius, axes);
            let volume = axes as f64 * half.ln();
            let rounding = f64::EPSILON * (volume.abs() + 4.0);
            Cell { centre, half, low: low + volume - rounding, high: high + volume + rounding }
        });
        Ok(cells.collect::<Vec<_>>())
    });
    Ok(chunks.collect::<Result<Vec<_>, _>>()?.concat())
}

fn halved(cell: &Cell, axes: usize) -> Vec<([f64; 2], f64)> {
    let half = 0.5 * cell.half;
    let part = |corner: usize| {
        let mut centre = cell.centre;
        for (axis, x) in centre.iter_mut().enumerate().take(axes) {
            *x += if corner >> axis & 1 == 0 { -half } else { half };
        }
        (centre, half)
    };
    (0..1 << axes).map(part).collect()
}

/// Whether the centres of a cell's halves are numbers without rounding, so that the halves fill it.
fn splits(cell: &Cell) -> bool {
    let quarter = 0.5 * cell.half;
    cell.centre.iter().all(|x| *x == 0.0 || ((x + quarter) - x == quarter && x - (x - quarter) == quarter))
}

/// The cells to split next, those that leave most open first; a cell that may hold all that is known of Z or more counts as that.
fn worst(cells: &[Cell], low: f64) -> Vec<usize> {
    let open = |cell: &Cell| {
        if !splits(cell) {
            return 0.0;
        }
        if low == f64::NEG_INFINITY {
            return 1.0;
        }
        (cell.high - low).min(0.0).exp() - (cell.low - low).min(0.0).exp()
    };
    let mut ranked: Vec<_> = cells.iter().map(open).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let enough = WORST * ranked.iter().map(|(_, open)| open).sum::<f64>();
    let mut covered = 0.0;
    let needed = ranked.into_iter().take_while(|(_, open)| {
        let more = covered < enough && *open > 0.0;
        covered += open;
        more
    });
    needed.map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests;
