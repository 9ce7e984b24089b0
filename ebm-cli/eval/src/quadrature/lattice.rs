use super::energies::{CHUNK, Energies};
use super::{QuadratureError, log_sum::LogSum};
use ebm_core::device::Real;

/// Evenly spaced nodes along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    start: f64,
    spacing: f64,
    count: usize,
    half_ends: bool,
}

impl Line {
    /// The corners of `cells` cells between `low` and `high`, the two ends with half weight: the trapezoid rule.
    pub(super) fn corners(low: f64, high: f64, cells: usize) -> Self {
        Self { start: low, spacing: (high - low) / cells as f64, count: cells + 1, half_ends: true }
    }

    /// The centres of the same cells: the midpoint rule.
    pub(super) fn centres(low: f64, high: f64, cells: usize) -> Self {
        let spacing = (high - low) / cells as f64;
        Self { start: low + 0.5 * spacing, spacing, count: cells, half_ends: false }
    }

    fn at(&self, index: usize) -> f64 {
        self.start + self.spacing * index as f64
    }

    fn weight(&self, index: usize) -> f64 {
        let end = index == 0 || index + 1 == self.count;
        if self.half_ends && end { 0.5 } else { 1.0 }
    }
}

pub(super) fn node_count(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.count).product()
}

/// What the nodes of a lattice say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mass {
    /// log of the sum of weight * exp(-E) * cell volume.
    pub log: f64,
    /// The least energy met, in nats.
    pub least_energy: f64,
}

/// The mass on a lattice.
pub(super) fn mass(energies: &Energies<'_>, lines: &[Line]) -> Result<Mass, QuadratureError> {
    let total = node_count(lines);
    let mut sum = LogSum::new();
    for start in (0..total).step_by(CHUNK) {
        let end = total.min(start + CHUNK);
        let mut points = Vec::with_capacity((end - start) * lines.len());
        for flat in start..end {
            points.extend(node(flat, lines).map(|(line, index)| line.at(index) as Real));
        }
        for (flat, value) in (start..end).zip(energies(points)?) {
            let value = f64::from(value);
            if value.is_nan() || value == f64::NEG_INFINITY {
                let point = node(flat, lines).map(|(line, index)| line.at(index)).collect();
                return Err(QuadratureError::NonFinite { point, value });
            }
            sum.add(-value, node(flat, lines).map(|(line, index)| line.weight(index)).product());
        }
    }
    let cell: f64 = lines.iter().map(|line| line.spacing).product();
    Ok(Mass { log: sum.log() + cell.ln(), least_energy: -sum.largest() })
}

/// Each axis, with the index along it of the node with a flat index; the last axis runs fastest.
fn node(flat: usize, lines: &[Line]) -> impl Iterator<Item = (&Line, usize)> {
    let indices = match lines {
        [_, fast] => [flat / fast.count, flat % fast.count],
        _ => [flat, 0],
    };
    lines.iter().zip(indices)
}
