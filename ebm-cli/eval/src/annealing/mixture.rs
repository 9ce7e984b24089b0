//! A mixture of round Gaussians as an energy: normalised, so that its log Z is 0.

use dfdx::prelude::{PutTape, SplitTape, TensorFromVec};
use ebm_core::data::Modes;
use ebm_core::device::{PerSample, Real, device};
use ebm_core::geometry::{Geometry, Runtime, Samples};
use ebm_core::kernels::row_dot;
use ebm_core::models::Energy;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::SharedTape;

pub(super) struct MixtureEnergy(pub Modes);

impl MixtureEnergy {
    /// The energy in nats and its gradient at a point.
    fn at(&self, x: &[Real]) -> (f64, Vec<f64>) {
        let variance = self.0.standard_deviation.powi(2);
        let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
        let exponents: Vec<f64> = (self.0.centres.iter())
            .map(|centre| -0.5 * x.iter().zip(centre).map(|(x, c)| (x - c).powi(2)).sum::<f64>() / variance)
            .collect();
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = exponents.iter().map(|e| (e - largest).exp()).collect();
        let total: f64 = weights.iter().sum();
        let gradient = (0..x.len())
            .map(|axis| {
                let pull = self
                    .0
                    .centres
                    .iter()
                    .zip(&weights)
                    .map(|(c, w)| w * (x[axis] - c[axis]));
                pull.sum::<f64>() / total / variance
            })
            .collect();
        let log_normaliser = 0.5 * x.len() as f64 * (std::f64::consts::TAU * variance).ln();
        let count = weights.len() as f64;
        (log_normaliser - largest - (total / count).ln(), gradient)
    }
}

impl Module for MixtureEnergy {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

impl Energy<Runtime> for MixtureEnergy {
    fn geometry(&self) -> Runtime {
        Runtime {
            latent: 2,
            data: self.0.centres[0].len(),
        }
    }
    fn pushforward(
        &self,
        _: Samples<Runtime, SharedTape>,
        _: Samples<Runtime, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        unimplemented!("annealing needs gradients only")
    }
    /// `<x, g> + (E - <x, g>)` with the second term held fixed: value and gradient are those of E.
    fn forward(&self, x: Samples<Runtime, SharedTape>) -> PerSample<SharedTape> {
        let (plain, tape) = x.split_tape();
        let (mut gradients, mut shifts) = (Vec::new(), Vec::new());
        for row in plain.as_vec().chunks(self.geometry().data_width()) {
            let (energy, gradient) = self.at(row);
            let gradient: Vec<Real> = gradient.into_iter().map(|g| g as Real).collect();
            let slope: Real = row.iter().zip(&gradient).map(|(x, g)| x * g).sum();
            shifts.push(energy as Real - slope);
            gradients.extend(gradient);
        }
        let count = shifts.len();
        let gradients = self.geometry().samples(gradients).put_tape(SharedTape::off());
        row_dot(plain.put_tape(tape), gradients) + device().tensor_from_vec(shifts, (count,))
    }
}
