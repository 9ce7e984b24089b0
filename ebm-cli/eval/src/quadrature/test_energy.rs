//! An energy given by a function, to test quadrature without a network.

use dfdx::prelude::*;

use ebm_core::device::{PerSample, Real, device};
use ebm_core::geometry::{Runtime, Samples};
use ebm_core::models::Energy;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::SharedTape;

pub(super) struct FunctionEnergy<F> {
    width: usize,
    function: F,
}

impl<F: Fn(&[f64]) -> f64> FunctionEnergy<F> {
    pub(super) fn new(width: usize, function: F) -> Self {
        Self { width, function }
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
        Runtime {
            latent: 1,
            data: self.width,
        }
    }
    fn pushforward(
        &self,
        _x: Samples<Runtime, SharedTape>,
        _v: Samples<Runtime, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        unimplemented!("quadrature needs no derivatives")
    }
    fn forward(&self, x: Samples<Runtime, SharedTape>) -> PerSample<SharedTape> {
        let (x, tape) = x.split_tape();
        let rows: Vec<f64> = x.as_vec().into_iter().map(f64::from).collect();
        let values: Vec<Real> = rows
            .chunks(self.width)
            .map(|row| (self.function)(row) as Real)
            .collect();
        let count = values.len();
        device().tensor_from_vec(values, (count,)).put_tape(tape)
    }
}
