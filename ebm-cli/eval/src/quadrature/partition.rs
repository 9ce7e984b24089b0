use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::{device::Real, geometry::Geometry, models::Energy};
use ebm_train::{Cancel, grid::Region};
use serde::{Deserialize, Serialize};

use super::{EnclosedPartition, QuadratureConfig, QuadratureError, Rule, enclose_until};
use super::{energies::chunk_energies, grid::Grid, log_sum::log_total};
use crate::metric::nan_at_null;

/// Multiply-adds of a proof that nobody asked for, not counting the terms of polynomials.
const BRIEF: usize = 4_000_000_000;
/// Its boxes at most.
const MANY: usize = 100_000;

/// log Z of an energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogPartition {
    /// log Z in nats, over `region`.
    pub log_z: f64,
    /// By how much the last refinement changed it, plus an estimate of what lies outside `region`, plus `rounding`; in
    /// nats. If the rule has not converged, several times as much, and infinite where the nodes do not resolve a peak.
    #[serde(deserialize_with = "nan_at_null")]
    pub error: f64,
    /// What the rounding of energies to `Real` can do to it, in nats: a few units in the last place of an energy where the
    /// model has its mass. Refinement cannot go below.
    #[serde(default)]
    pub rounding: f64,
    /// Whether the changes and what lies outside are together below the tolerance asked for, or below `rounding`.
    pub converged: bool,
    /// What is proved of log Z, where a proof was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<EnclosedPartition>,
    /// Share of the model's probability outside `data_box`.
    pub outside: f64,
    /// The data's box, where the grid is finest.
    pub data_box: Region,
    /// The whole box that was integrated over.
    pub region: Region,
    /// Cells an axis on the data's box in the end.
    pub cells_per_axis: usize,
    /// Energies evaluated.
    pub evaluations: usize,
}

impl LogPartition {
    /// log Z as it is known best: the grid has more digits, and the proof is right where the grid did not see everything.
    pub fn best(&self) -> f64 {
        self.proof.as_ref().map_or(self.log_z, |proof| self.log_z.clamp(proof.low, proof.high))
    }

    /// The distance between nodes on the data's box, along its longest side.
    pub fn spacing(&self) -> f64 {
        self.data_box.sides().into_iter().fold(0.0, f64::max) / self.cells_per_axis as f64
    }
}

/// log Z = log of the integral of exp(-E(x)), in nats, for `D` = 1 or 2.
///
/// The data's box gets a grid; shells around it, each doubling the box, get grids of their own with cells twice as wide
/// as those further in, until a shell's mass, continued as a geometric series, is negligible. Then whichever grid
/// changed the total most is refined, until the changes add up to less than the tolerance, or
/// than what the rounding of the energies can do. Each refinement halves the cells
/// and reuses the earlier nodes; for a smooth density that fades inside the box, convergence is exponential.
///
/// # Errors
/// If `D` > 2, if `data_box` is no box, if the energy is not known to be normalisable, if the energy is NaN or minus infinity at a node, or if the mass keeps growing
/// with the box ([`QuadratureError::NotNormalisable`]).
pub fn log_partition<G: Geometry>(
    energy: &dyn Energy<G>,
    data_box: &Region,
    config: &QuadratureConfig,
) -> Result<LogPartition, QuadratureError> {
    log_partition_until(energy, data_box, config, &Cancel::default())
}

/// [`log_partition`], and [`QuadratureError::Cancelled`] once it was cancelled.
pub(crate) fn log_partition_until<G: Geometry>(
    energy: &dyn Energy<G>,
    data_box: &Region,
    config: &QuadratureConfig,
    cancel: &Cancel,
) -> Result<LogPartition, QuadratureError> {
    check_region(data_box, energy.geometry().data_width())?;
    let data_box = &on_exact_corners(data_box);
    if !energy.facts().normalisable {
        return Err(QuadratureError::Unconfined);
    }
    let energies = |points| cancel.check().map(|()| chunk_energies(energy, points));
    let mut grid = Grid::new(&energies, data_box, config)?;
    let converged = loop {
        grid.grow()?;
        let converged = grid.refine()?;
        // Finer grids may show mass in the outermost shell that the coarse ones did not.
        if !converged || grid.tail()? <= 0.5 * grid.tolerance() || grid.shells.len() >= config.max_doublings as usize {
            break converged;
        }
    };
    grid.require_fading()?;
    let (log_z, region, tail) = (grid.log_total(), grid.region(), grid.tail()?);
    let (change, tail) = (grid.change(), tail.ln_1p());
    let (remaining, rounding) = (change + tail, grid.rounding());
    let converged = converged && remaining <= grid.tolerance();
    let proof = match config.rule {
        Rule::Grid => None,
        // Where log Z is known, there is nothing to prove.
        Rule::Verified if energy.facts().log_partition.is_some() => None,
        Rule::Verified => {
            let energy = energy.enclosed().ok_or(QuadratureError::NotEnclosed)?;
            Some(enclose_until(&*energy, data_box, (config.width, config.max_boxes), cancel)?)
        }
        Rule::Auto => energy.enclosed().and_then(|energy| {
            // As many boxes as take seconds.
            let most = config.max_boxes.min(BRIEF / energy.work().max(BRIEF / MANY));
            enclose_until(&*energy, data_box, (config.width, most), cancel).ok()
        }),
    };
    Ok(LogPartition {
        log_z,
        error: if converged { change } else { grid.unresolved() } + tail + rounding,
        rounding,
        proof,
        converged,
        outside: (log_total(grid.shells.iter().flatten().map(|panel| panel.log_mass)) - log_z).exp(),
        data_box: data_box.clone(),
        region,
        cells_per_axis: grid.core.cells.iter().copied().max().unwrap_or(0),
        evaluations: grid.evaluations(),
    })
}

/// The box on a lattice that divides its sides by a few dozen, so that the nodes of grids in it are numbers without rounding.
fn on_exact_corners(region: &Region) -> Region {
    let sides = region.low.iter().zip(&region.high).map(|(low, high)| {
        let unit = ((high - low).log2().floor() - 5.0).exp2();
        ((low / unit).floor() * unit, (high / unit).ceil() * unit)
    });
    let (low, high) = sides.unzip();
    Region { low, high }
}

/// Refuses a box that cannot be integrated over in `width` dimensions, and more than two dimensions.
fn check_region(region: &Region, width: usize) -> Result<(), QuadratureError> {
    if !(1..=2).contains(&width) {
        return Err(QuadratureError::Dimensions(width));
    }
    let good = region.low.len() == width
        && region.high.len() == width
        && region.sides().iter().all(|side| side.is_finite() && *side > 0.0);
    if good { Ok(()) } else { Err(QuadratureError::Region { region: region.clone(), width }) }
}

/// The negative log-likelihood `mean(E(x)) + log Z` in nats per sample, from the energies of samples that training has not
/// seen, which are off by at most `rounding`.
///
/// The standard error is that of the mean over the samples. The quadrature's error comes on top of it and is named in
/// the guarantee and among the diagnostics. Only a proof certifies: energies at points say nothing of what lies between them.
pub fn exact_nll(energies: &[f64], rounding: f64, partition: &LogPartition) -> Measurement {
    let error = partition.error;
    let (log_z, error, guarantee) = match &partition.proof {
        Some(EnclosedPartition { low, high, boxes, .. }) => {
            let reason =
                format!("log Z proved to lie between {low:.4} and {high:.4}, by {boxes} boxes that fill all space");
            let log_z = partition.best();
            (log_z, (high - log_z).max(log_z - low), Guarantee::certified(reason))
        }
        None if partition.converged => {
            let reason = format!(
                "log Z from energies at points {:.1e} apart: an error of {error:.1e} nats is estimated; a well between the points \
                 is not seen",
                partition.spacing()
            );
            (partition.log_z, error, Guarantee::asymptotic(reason))
        }
        None if !error.is_finite() => {
            let reason = "log Z by a quadrature whose nodes do not resolve a peak: evaluate.quadrature.max_evaluations are spent";
            (partition.log_z, error, Guarantee::heuristic(reason))
        }
        None => {
            let reason =
                format!("log Z by a quadrature that did not converge: an error of {error:.1e} nats is estimated");
            (partition.log_z, error, Guarantee::asymptotic(reason))
        }
    };
    let nll = energies.iter().map(|energy| energy + log_z);
    Measurement::of(nll, guarantee)
        .with("log_z", log_z)
        .with("quadrature_error", error + rounding)
        .with("outside", partition.outside)
}

/// The negative log-likelihood `mean(E(x)) + log Z` in nats per sample, of an energy whose log Z is known exactly, from the
/// energies of samples that training has not seen: in any number of dimensions.
///
/// What is certified is the function that the energy is, apart from the rounding of its values to `Real`, which is named among
/// the diagnostics.
pub fn normalised_nll(energies: &[f64], log_z: f64) -> Measurement {
    let largest = energies.iter().fold(0.0f64, |largest, energy| largest.max(energy.abs()));
    let nll = energies.iter().map(|energy| energy + log_z);
    Measurement::of(nll, Guarantee::certified("log Z of the energy is known exactly"))
        .with("log_z", log_z)
        .with("quadrature_error", f64::from(Real::EPSILON) * largest)
}

#[cfg(test)]
mod tests;
