//! Checks an operation against finite differences: its pushforward, and its gradients in inputs and arrays.

use dfdx::prelude::*;

use crate::buffers;
use crate::device::{Matrix, PerSample, Real};
use crate::random::Random;
use crate::tape::{SharedTape, backward};

/// Step of the central differences and the relative error allowed. Single precision checks the wiring, double the formulas.
pub const STEP: Real = if cfg!(feature = "f64") { 1e-5 } else { 1e-2 };
pub const TOLERANCE: f64 = if cfg!(feature = "f64") { 1e-6 } else { 3e-2 };

/// Whether the differences are small enough not to straddle the kink of a piecewise linear function now and then.
pub const RESOLVES_KINKS: bool = cfg!(feature = "f64");

pub struct Case {
    pub name: String,
    /// Samples and inputs.
    pub input: (usize, usize),
    /// Length and scale of each array.
    pub arrays: Vec<(usize, Real)>,
}

pub fn array(n: usize, scale: Real, seed: u64) -> PerSample {
    let values = Random::new(seed).stream("check").normals(n);
    buffers::tensor(values.into_iter().map(|v| v * scale).collect(), (n,))
}

/// Compares two values, relative to the largest value around.
pub fn close(name: &str, ours: f64, truth: f64, scale: f64) {
    let error = (ours - truth).abs() / (1.0 + scale);
    assert!(
        error <= TOLERANCE,
        "{name}: {ours} is not {truth} (relative error {error:.1e})"
    );
}

fn sum_of_products(a: &[Real], b: &[Real]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// The slope of `f` along the `i`-th value of `at`.
fn slope(at: &[Real], i: usize, f: &mut dyn FnMut(&[Real]) -> f64) -> f64 {
    let mut moved = at.to_vec();
    moved[i] = at[i] + STEP;
    let above = f(&moved);
    moved[i] = at[i] - STEP;
    let below = f(&moved);
    (above - below) / (2.0 * f64::from(STEP))
}

/// Runs all checks on `op(rows, primal, arrays)`.
pub fn operation(case: &Case, op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape>) {
    const TANGENTS: usize = 2;
    let (samples, inputs) = case.input;
    let arrays: Vec<PerSample> = (0u64..)
        .zip(&case.arrays)
        .map(|(i, (n, scale))| array(*n, *scale, i))
        .collect();
    let x = array((1 + TANGENTS) * samples * inputs, 1.0, 100).as_vec();
    let run = |rows: &[Real], arrays: &[PerSample]| {
        let x = buffers::tensor(rows.to_vec(), (rows.len() / inputs, inputs));
        op(x.put_tape(SharedTape::off()), samples, arrays).as_vec()
    };

    let y = run(&x, &arrays);
    let (values, tangents) = x.split_at(samples * inputs);
    let outputs = run(values, &arrays).len();
    for (k, direction) in tangents.chunks(samples * inputs).enumerate() {
        let moved = |sign: Real| -> Vec<Real> {
            let rows: Vec<Real> = values.iter().zip(direction).map(|(x, t)| x + sign * STEP * t).collect();
            run(&rows, &arrays)
        };
        let (above, below) = (moved(1.0), moved(-1.0));
        for i in 0..outputs {
            let truth = f64::from(above[i] - below[i]) / (2.0 * f64::from(STEP));
            let name = format!("{}: pushforward {k}, output {i}", case.name);
            close(&name, f64::from(y[(k + 1) * outputs + i]), truth, truth.abs());
        }
    }

    let weights = array(y.len(), 1.0, 200);
    let x_tensor = buffers::tensor(x.clone(), (x.len() / inputs, inputs));
    let tape = SharedTape::inputs_only();
    let y = op(tape.watch(&x_tensor), samples, &arrays);
    let columns = y.shape().1;
    let weighted = super::row_dot(
        y,
        tape.watch(&buffers::tensor(
            weights.as_vec(),
            (weights.shape().0 / columns, columns),
        )),
    );
    let mut gradients = backward(super::sum(weighted));
    let weights = weights.as_vec();

    let ours = gradients.of(&x_tensor).as_vec();
    let scale = ours.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
    for (i, ours) in ours.iter().enumerate() {
        let truth = slope(&x, i, &mut |x| sum_of_products(&run(x, &arrays), &weights));
        close(
            &format!("{}: gradient in input {i}", case.name),
            f64::from(*ours),
            truth,
            scale,
        );
    }
    for (index, array) in arrays.iter().enumerate() {
        let ours = gradients.of(array).as_vec();
        let scale = ours.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
        for (i, ours) in ours.iter().enumerate() {
            let truth = slope(&array.as_vec(), i, &mut |moved| {
                let mut arrays = arrays.clone();
                arrays[index] = buffers::tensor(moved.to_vec(), (moved.len(),));
                sum_of_products(&run(&x, &arrays), &weights)
            });
            let name = format!("{}: gradient in array {index}, value {i}", case.name);
            close(&name, f64::from(*ours), truth, scale);
        }
    }
}
