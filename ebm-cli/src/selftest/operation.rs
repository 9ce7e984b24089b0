//! An operation of the kernels with all its derivatives.

use ebm_core::device::{Matrix, PerSample, device, values};
use ebm_core::dfdx::prelude::*;
use ebm_core::kernels::{row_dot, sum};
use ebm_core::tape::{SharedTape, backward};

use super::case::{Case, Found, OPERATION};
use super::figures::Compared;
use super::numbers::{numbers, scaled};

/// What an operation is applied to.
pub(super) struct Operation {
    /// Without the group.
    pub name: String,
    /// Rows of values.
    pub samples: usize,
    /// Rows of tangents below each.
    pub tangents: usize,
    /// Columns.
    pub inputs: usize,
    /// Length of each array of weights, and the power of two that its numbers are below.
    pub arrays: Vec<(usize, i32)>,
}

impl Operation {
    /// `samples` rows of `inputs` with two tangents each.
    pub fn new(name: impl Into<String>, samples: usize, inputs: usize) -> Self {
        Self {
            name: name.into(),
            samples,
            tangents: 2,
            inputs,
            arrays: Vec::new(),
        }
    }

    /// With so many tangents a row.
    pub fn tangents(self, tangents: usize) -> Self {
        Self { tangents, ..self }
    }

    /// With one more array.
    pub fn array(mut self, length: usize, exponent: i32) -> Self {
        self.arrays.push((length, exponent));
        self
    }

    /// Values, pushforwards, and the gradients of a sum in which every output has a weight of its own.
    pub fn case(self, op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape> + 'static) -> Case {
        let name = format!("kernel {}", self.name);
        Case::new(name, OPERATION, move || self.figures(&op))
    }

    fn figures(&self, op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape>) -> Found {
        let part = |what: &str| format!("{}/{what}", self.name);
        let blocks = 1 + self.tangents;
        let x = matrix(&part("x"), blocks * self.samples, self.inputs);
        let arrays: Vec<PerSample> = (self.arrays.iter().enumerate())
            .map(|(k, (length, exponent))| vector(scaled(&part(&format!("array {k}")), *length, *exponent)))
            .collect();
        let y = op(SharedTape::inputs_only().watch(&x), self.samples, &arrays);
        let (height, width) = *y.shape();
        let all = doubles(values(&y));
        let (of_samples, of_tangents) = all.split_at(height / blocks * width);
        let weights = matrix(&part("weights"), height, width);
        let mut gradients = backward(sum(row_dot(y, SharedTape::off().watch(&weights))));
        let mut found = vec![
            (Compared::Value, of_samples.to_vec()),
            (Compared::InInputs, doubles(values(&gradients.of(&x)))),
        ];
        if self.tangents > 0 {
            found.push((Compared::Pushforward, of_tangents.to_vec()));
        }
        for array in &arrays {
            found.push((Compared::InWeights, doubles(values(&gradients.of(array)))));
        }
        found
    }
}

/// A matrix of the numbers of a name.
pub(super) fn matrix(name: &str, rows: usize, columns: usize) -> Matrix {
    device().tensor_from_vec(numbers(name, rows * columns), (rows, columns))
}

/// An array on the device.
pub(super) fn vector(values: Vec<ebm_core::device::Real>) -> PerSample {
    let n = values.len();
    device().tensor_from_vec(values, (n,))
}

/// Gradients in weights, an array each.
pub(super) fn in_weights(gradients: Vec<Vec<ebm_core::device::Real>>) -> impl Iterator<Item = (Compared, Vec<f64>)> {
    gradients.into_iter().map(|array| (Compared::InWeights, doubles(array)))
}

/// In double precision.
pub(super) fn doubles(values: Vec<ebm_core::device::Real>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}
