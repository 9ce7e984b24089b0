//! The figures of a whole batch, from those of its shares.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Team;
use crate::{Evaluation, Players, StepReport, TrainError};
use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::geometry::Geometry;
use ebm_core::parameter::Module;

/// A measurement with bits for numbers: JSON knows neither NaN nor infinity.
#[derive(Serialize, Deserialize)]
struct Bits {
    value: u64,
    standard_error: u64,
    samples: usize,
    guarantee: Guarantee,
    diagnostics: Vec<(String, u64)>,
}

impl From<&Measurement> for Bits {
    fn from(m: &Measurement) -> Self {
        let diagnostics = m.diagnostics.iter();
        Self {
            value: m.value.to_bits(),
            standard_error: m.standard_error.to_bits(),
            samples: m.samples,
            guarantee: m.guarantee.clone(),
            diagnostics: diagnostics
                .map(|(name, value)| (name.clone(), value.to_bits()))
                .collect(),
        }
    }
}

impl From<Bits> for Measurement {
    fn from(bits: Bits) -> Self {
        let (value, error) = (f64::from_bits(bits.value), f64::from_bits(bits.standard_error));
        let measurement = Measurement::new(value, error, bits.samples, bits.guarantee);
        let diagnostics = bits.diagnostics.into_iter();
        diagnostics.fold(measurement, |m, (name, value)| m.with(&name, f64::from_bits(value)))
    }
}

/// What a rank found on its share.
#[derive(Serialize, Deserialize)]
struct Part {
    measurements: Vec<Option<Bits>>,
    losses: Vec<Option<u64>>,
    /// Of the rank's models.
    checksum: u64,
}

impl Team {
    /// The figures of rank 0's evaluation.
    pub fn evaluation(&self, own: Result<Evaluation, TrainError>) -> Result<Evaluation, TrainError> {
        if self.is_alone() {
            return own;
        }
        let bits = |figures: Evaluation| figures.iter().map(|(name, m)| (name.clone(), Bits::from(m))).collect();
        let first: BTreeMap<String, Bits> = self.of_first(own.map(bits))?;
        Ok(first.into_iter().map(|(name, bits)| (name, bits.into())).collect())
    }

    /// Makes a report of this rank's share one of the whole batch, and makes sure that all ranks have the same models.
    pub fn pool<G: Geometry>(&self, report: &mut StepReport, players: &Players<G>) -> Result<(), TrainError> {
        if self.is_alone() {
            return Ok(());
        }
        let own = Part {
            measurements: measurements(report)
                .into_iter()
                .map(|m| m.as_ref().map(Bits::from))
                .collect(),
            losses: losses(report).into_iter().map(|loss| loss.map(f64::to_bits)).collect(),
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
            let parts: Option<Vec<Measurement>> = parts.map(|bits| bits.map(Measurement::from)).collect();
            *measurement = parts.and_then(|parts| Measurement::pooled(&parts));
        }
        for (index, loss) in losses(report).into_iter().enumerate() {
            let parts = all.iter().map(|part| part.losses.get(index).copied()?);
            let parts: Option<Vec<f64>> = parts.map(|bits| bits.map(f64::from_bits)).collect();
            *loss = parts.map(|parts| parts.iter().sum::<f64>() / parts.len() as f64);
        }
        Ok(())
    }
}

/// What is measured on samples.
fn measurements(report: &mut StepReport) -> [&mut Option<Measurement>; 5] {
    [
        &mut report.data_energy,
        &mut report.generated_energy,
        &mut report.entropy,
        &mut report.entropy_ceiling,
        &mut report.divergence,
    ]
}

/// Means that are no measurements. The norms are those of the whole batch's gradients already.
fn losses(report: &mut StepReport) -> [&mut Option<f64>; 2] {
    [&mut report.energy_loss, &mut report.generator_loss]
}

/// A number that differs where any value of the models does, but for one time in 2^64.
fn checksum<G: Geometry>(players: &Players<G>) -> u64 {
    let modules: [&dyn Module; 4] = [&*players.energy, &*players.generator, &*players.lower, &*players.upper];
    let parameters = modules.into_iter().flat_map(|module| module.parameters());
    // FNV-1a, a value at a time.
    let mix = |hash: u64, value: u64| (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    parameters.fold(0xcbf2_9ce4_8422_2325, |hash, parameter| {
        let values = parameter.values();
        values.into_iter().fold(hash, |hash, value| {
            mix(hash, f64::from(value).to_bits().rotate_left(29))
        })
    })
}
