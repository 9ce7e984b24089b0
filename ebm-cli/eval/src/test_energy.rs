use dfdx::prelude::*;

use ebm_core::device::{PerSample, Real, device};
use ebm_core::geometry::{Geometry, Runtime, Samples};
use ebm_core::models::{Energy, EnergyFacts, of_gradient};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::{kernels::row_dot, tape::SharedTape};

/// Step of the differences.
const STEP: f64 = 1e-4;

/// An energy given by a function, for tests without a network.
pub(crate) struct FunctionEnergy<F> {
    pub width: usize,
    pub function: F,
    /// What it says of itself.
    pub normalisable: bool,
}

impl<F: Fn(&[f64]) -> f64> FunctionEnergy<F> {
    pub(crate) fn new(width: usize, function: F) -> Self {
        Self { width, function, normalisable: true }
    }
}

impl<F: Send + Sync> Module for FunctionEnergy<F> {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

impl<F: Fn(&[f64]) -> f64 + Send + Sync> Energy<Runtime> for FunctionEnergy<F> {
    fn geometry(&self) -> Runtime {
        Runtime { latent: 1, data: self.width }
    }
    fn facts(&self) -> EnergyFacts {
        let mut facts = EnergyFacts::default();
        facts.normalisable = self.normalisable;
        facts
    }
    fn pushforward(
        &self,
        _x: Samples<Runtime, SharedTape>,
        _v: Samples<Runtime, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        unimplemented!("no derivatives of the gradient are needed")
    }
    /// On a tape it is E with the derivative of `<x, g>` for its gradient g, by central differences.
    fn forward(&self, x: Samples<Runtime, SharedTape>) -> PerSample<SharedTape> {
        let (x, tape) = x.split_tape();
        let rows: Vec<f64> = x.as_vec().into_iter().map(f64::from).collect();
        let rows = || rows.chunks(self.width);
        let values: Vec<f64> = rows().map(&self.function).collect();
        let per_sample = |values: Vec<f64>| {
            let values: Vec<Real> = values.into_iter().map(|v| v as Real).collect();
            let count = values.len();
            device().tensor_from_vec(values, (count,))
        };
        if !tape.is_recording() {
            return per_sample(values).put_tape(tape);
        }
        let moved = |row: &[f64], axis: usize, by: f64| {
            let mut row = row.to_vec();
            row[axis] += by;
            (self.function)(&row)
        };
        let slope = |row: &[f64], axis| (moved(row, axis, STEP) - moved(row, axis, -STEP)) / (2.0 * STEP);
        let gradients: Vec<f64> =
            rows().flat_map(|row| (0..self.width).map(|axis| slope(row, axis)).collect::<Vec<_>>()).collect();
        let gradients = gradients.iter().map(|g| *g as Real).collect();
        let gradients = self.geometry().samples(gradients).put_tape(SharedTape::off());
        of_gradient(per_sample(values), row_dot(x.put_tape(tape), gradients))
    }
}
