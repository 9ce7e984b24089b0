//! The report of a whole batch, from those of its shares.

use serde::{Deserialize, Serialize};

use super::ranks::Ranks;
use crate::error::TrainError;
use crate::players::Players;
use crate::report::{Evaluation, StepReport};
use ebm_core::bounds::Measurement;
use ebm_core::geometry::Geometry;
use ebm_core::parameter::Module;

/// The values of a rank on its share.
#[derive(Serialize, Deserialize)]
struct Part {
    measurements: Vec<Option<Measurement>>,
    losses: Vec<Option<f64>>,
    /// Checksum of the rank's models.
    checksum: u64,
}

impl Ranks {
    /// The evaluation of rank 0.
    pub fn evaluation(&self, own: Result<Evaluation, TrainError>) -> Result<Evaluation, TrainError> {
        match self.is_alone() {
            true => own,
            false => self.of_first(own),
        }
    }

    /// Makes a report of this rank's share one of the whole batch, and makes sure that all ranks have the same models.
    pub fn pool<G: Geometry>(&self, report: &mut StepReport, players: &Players<G>) -> Result<(), TrainError> {
        if self.is_alone() {
            return Ok(());
        }
        let own = Part {
            measurements: measurements(report).map(|m| m.clone()).into(),
            losses: losses(report).map(|loss| *loss).into(),
            checksum: checksum(players),
        };
        let mut all = self.exchange(&own)?;
        if let Some(rank) = all.iter().position(|part| part.checksum != all[0].checksum) {
            let ranks = self.share().ranks();
            let step = report.step;
            return Err(TrainError::Drift { step, rank, ranks });
        }
        for (index, measurement) in measurements(report).into_iter().enumerate() {
            let parts = all.iter_mut().map(|part| part.measurements.get_mut(index)?.take());
            let parts: Option<Vec<Measurement>> = parts.collect();
            *measurement = parts.and_then(|parts| Measurement::pooled(&parts));
        }
        for (index, loss) in losses(report).into_iter().enumerate() {
            let parts: Option<Vec<f64>> = all.iter().map(|part| part.losses.get(index).copied()?).collect();
            *loss = parts.map(|parts| parts.iter().sum::<f64>() / parts.len() as f64);
        }
        Ok(())
    }
}

/// The measurements on samples.
fn measurements(report: &mut StepReport) -> [&mut Option<Measurement>; 5] {
    [
        &mut report.data_energy,
        &mut report.generated_energy,
        &mut report.entropy,
        &mut report.entropy_upper_bound,
        &mut report.divergence,
    ]
}

/// Means without a standard error. The norms are those of the whole batch's gradients already.
fn losses(report: &mut StepReport) -> [&mut Option<f64>; 2] {
    [&mut report.energy_loss, &mut report.generator_loss]
}

/// A checksum that differs where any value of the models does, except for one time in 2^64.
fn checksum<G: Geometry>(players: &Players<G>) -> u64 {
    let modules: [&dyn Module; 4] = [&*players.energy, &*players.generator, &*players.lower, &*players.upper];
    let parameters = modules.into_iter().flat_map(|module| module.parameters());
    // FNV-1a, a value at a time.
    let mix = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    parameters.fold(0xcbf2_9ce4_8422_2325, |hash, parameter| {
        let values = parameter.values();
        values.into_iter().fold(hash, |hash, value| mix(hash, f64::from(value).to_bits().rotate_left(29)))
    })
}
