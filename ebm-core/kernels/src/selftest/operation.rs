//! An operation with all its derivatives, as a case.

use dfdx::prelude::*;
use std::rc::Rc;

use super::case::{Case, Found, Quantity, doubles};
use super::numbers::{numbers, scaled};
use crate::buffers::{tensor, values};
use crate::check;
use crate::device::{Matrix, PerSample, Real};
use crate::tape::{SharedTape, Taped, vjp};

/// The inputs of an operation.
pub struct Operation {
    name: String,
    /// Rows of values.
    samples: usize,
    /// Rows of tangents below each.
    tangents: usize,
    /// Columns.
    inputs: usize,
    /// Length of each array of weights, and the power of two that its numbers are below.
    arrays: Vec<(usize, i32)>,
    kinked: bool,
}

impl Operation {
    /// `samples` rows of `inputs` with two tangents each.
    pub fn new(name: impl Into<String>, samples: usize, inputs: usize) -> Self {
        Self { name: name.into(), samples, tangents: 2, inputs, arrays: Vec::new(), kinked: false }
    }

    /// Sets the number of tangents a row.
    pub fn tangents(self, tangents: usize) -> Self {
        Self { tangents, ..self }
    }

    /// Adds an array of numbers below `2^exponent`.
    pub fn array(mut self, length: usize, exponent: i32) -> Self {
        self.arrays.push((length, exponent));
        self
    }

    /// Says whether the operation has kinks, which large differences straddle.
    pub fn kinked(self, kinked: bool) -> Self {
        Self { kinked, ..self }
    }

    /// Values, pushforwards, and the gradients of a sum in which every output has a weight of its own.
    pub fn case(self, op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape> + 'static) -> Case {
        let name = self.name.clone();
        let shared = Rc::new((self, op));
        let other = Rc::clone(&shared);
        let case = Case::kernel(name, move || shared.0.figures(&shared.1));
        case.checked(move || other.0.check(&other.1))
    }

    /// Compares the derivatives with differences.
    fn check(&self, op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape>) {
        if !self.kinked || check::RESOLVES_KINKS {
            let arrays = self.arrays.iter();
            let arrays: Vec<(usize, Real)> =
                arrays.map(|(n, exponent)| (*n, (2.0 as Real).powi(exponent - 1))).collect();
            check::operation(&self.name, (self.samples, self.tangents, self.inputs), &arrays, op);
        }
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
        let mut of_samples = doubles(values(&y));
        let of_tangents = of_samples.split_off(height / blocks * width);
        let mut gradients = vjp(y, &matrix(&part("weights"), height, width));
        let mut found = vec![(Quantity::Value, of_samples), Quantity::InInputs.of(&gradients.of(&x))];
        if self.tangents > 0 {
            found.push((Quantity::Pushforward, of_tangents));
        }
        found.extend(arrays.iter().map(|array| Quantity::InWeights.of(&gradients.of(array))));
        found
    }
}

/// An array of weights as a second input of this shape, on the tape of the first.
pub fn beside<S: Shape>(x: &Matrix<SharedTape>, array: &PerSample, shape: S) -> Taped<S> {
    let (_, tape) = x.clone().split_tape();
    tape.watch(array).reshape_like(&shape)
}

/// A matrix of the numbers of a name.
pub fn matrix(name: &str, rows: usize, columns: usize) -> Matrix {
    tensor(numbers(name, rows * columns), (rows, columns))
}

/// An array on the device.
pub fn vector(values: Vec<Real>) -> PerSample {
    let n = values.len();
    tensor(values, (n,))
}
