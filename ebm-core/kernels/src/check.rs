//! Checks an operation against finite differences: its pushforward, and its gradients in inputs and arrays.

use dfdx::prelude::*;

use crate::buffers;
use crate::device::{Matrix, PerSample, Real};
use crate::random::Random;
use crate::tape::{SharedTape, vjp};

/// The step of the central differences. Single precision checks the wiring, double the formulas.
pub const STEP: Real = if cfg!(feature = "f64") { 1e-5 } else { 1e-2 };
/// The relative error allowed.
pub const TOLERANCE: f64 = if cfg!(feature = "f64") { 1e-6 } else { 3e-2 };
/// Whether the differences are small enough not to straddle the kink of a piecewise linear function now and then.
pub const RESOLVES_KINKS: bool = cfg!(feature = "f64");

/// `n` normal values times `scale`.
pub fn array(n: usize, scale: Real, seed: u64) -> PerSample {
    let values = Random::new(seed).stream("check").normals(n);
    buffers::tensor(values.into_iter().map(|v| v * scale).collect(), (n,))
}

/// The same as a matrix.
pub fn matrix(rows: usize, columns: usize, scale: Real, seed: u64) -> Matrix {
    buffers::tensor(array(rows * columns, scale, seed).as_vec(), (rows, columns))
}

/// Compares two values, relative to the largest value around.
///
/// # Panics
/// If they are too far apart.
pub fn close(name: &str, ours: f64, truth: f64, scale: f64) {
    let error = (ours - truth).abs() / (1.0 + scale);
    assert!(error <= TOLERANCE, "{name}: {ours} is not {truth} (relative error {error:.1e})");
}

/// Compares two lists of equal length; each value may be off by `tolerance * (1 + abs(expected))`.
#[cfg(test)]
pub(crate) fn all_close(found: &[Real], expected: impl IntoIterator<Item = impl Into<f64>>, tolerance: f64) {
    let expected: Vec<f64> = expected.into_iter().map(Into::into).collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < tolerance * (1.0 + expected.abs()), "{found} is not {expected}");
    }
}

/// The slope of `f` along the `i`-th value of `at`.
pub fn slope(at: &[Real], i: usize, f: &dyn Fn(&[Real]) -> f64) -> f64 {
    let moved = |by: Real| {
        let mut moved = at.to_vec();
        moved[i] = at[i] + by;
        f(&moved)
    };
    (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP))
}

/// Compares a gradient of `f` with its slopes, each relative to its own size.
///
/// # Panics
/// If one of them is too far off.
pub fn gradient(name: &str, ours: &[Real], at: &[Real], f: impl Fn(&[Real]) -> f64) {
    assert_eq!(ours.len(), at.len(), "{name}");
    for (i, ours) in ours.iter().enumerate() {
        let truth = slope(at, i, &f);
        close(&format!("{name}, {i}"), f64::from(*ours), truth, truth.abs());
    }
}

/// Compares what `op` makes of many rows with what it makes of `step` of them at a time: outputs and gradients in the inputs, and
/// the sums of the gradients in `arrays`, for cotangents of a size. The tolerances are those of outputs and of gradients.
#[cfg(test)]
pub(crate) fn parts(
    (rows, inputs, outputs): (usize, usize, usize),
    step: usize,
    arrays: &[PerSample],
    size: Real,
    (of_outputs, of_gradients): (f64, f64),
    op: impl Fn(Matrix<SharedTape>, usize) -> Matrix<SharedTape>,
) {
    let (x, weights) = (array(rows * inputs, 1.0, 9).as_vec(), array(rows * outputs, size, 10).as_vec());
    let run = |start: usize, n: usize| {
        let x = buffers::tensor(x[start * inputs..][..n * inputs].to_vec(), (n, inputs));
        let cotangents = buffers::tensor(weights[start * outputs..][..n * outputs].to_vec(), (n, outputs));
        let y = op(SharedTape::inputs_only().watch(&x), n);
        let values = y.as_vec();
        let mut gradients = vjp(y, &cotangents);
        let in_x = gradients.of(&x).as_vec();
        (values, in_x, arrays.iter().flat_map(|array| gradients.of(array).as_vec()).collect::<Vec<Real>>())
    };
    let whole = run(0, rows);
    let (mut values, mut in_x, mut in_arrays) = (Vec::new(), Vec::new(), vec![0.0; whole.2.len()]);
    for start in (0..rows).step_by(step) {
        let part = run(start, step);
        values.extend(part.0);
        in_x.extend(part.1);
        in_arrays.iter_mut().zip(part.2).for_each(|(sum, part)| *sum += part);
    }
    all_close(&whole.0, values, of_outputs);
    all_close(&whole.1, in_x, of_gradients);
    all_close(&whole.2, in_arrays, of_gradients);
}

/// Inputs and outputs of an operation that are compared at most, spread evenly.
const COMPARED: usize = 48;

/// Compares the pushforward and the gradients of `op(rows, primal, arrays)` with differences, for so many samples with so many
/// tangents of so many inputs, and arrays of these lengths and scales.
///
/// # Panics
/// If a derivative is wrong.
pub fn operation(
    name: &str,
    (samples, tangents, inputs): (usize, usize, usize),
    arrays: &[(usize, Real)],
    op: impl Fn(Matrix<SharedTape>, usize, &[PerSample]) -> Matrix<SharedTape>,
) {
    let arrays = (0u64..).zip(arrays);
    let arrays: Vec<PerSample> = arrays.map(|(i, (n, scale))| array(*n, *scale, i)).collect();
    let x = matrix((1 + tangents) * samples, inputs, 0.5, 100);
    let run = |rows: &[Real], arrays: &[PerSample]| {
        let x = buffers::tensor(rows.to_vec(), (rows.len() / inputs, inputs));
        op(x.put_tape(SharedTape::off()), samples, arrays).as_vec()
    };
    let some = |n: usize| (0..n).step_by(n.div_ceil(COMPARED).max(1));

    let rows = x.as_vec();
    let y = run(&rows, &arrays);
    let (values, directions) = rows.split_at(samples * inputs);
    let outputs = y.len() / (1 + tangents);
    for (k, direction) in directions.chunks(samples * inputs).enumerate() {
        let moved = |sign: Real| -> Vec<Real> {
            let rows: Vec<Real> = values.iter().zip(direction).map(|(x, t)| x + sign * STEP * t).collect();
            run(&rows, &arrays)
        };
        let (above, below) = (moved(1.0), moved(-1.0));
        for i in some(outputs) {
            let truth = f64::from(above[i] - below[i]) / (2.0 * f64::from(STEP));
            let name = format!("{name}: pushforward {k}, output {i}");
            close(&name, f64::from(y[(k + 1) * outputs + i]), truth, truth.abs());
        }
    }

    let y = op(SharedTape::inputs_only().watch(&x), samples, &arrays);
    let (height, width) = *y.shape();
    let weights = matrix(height, width, 1.0, 200);
    let mut gradients = vjp(y, &weights);
    let weights = weights.as_vec();
    let weighted = |y: Vec<Real>| -> f64 {
        let products = y.iter().zip(&weights).map(|(y, w)| f64::from(*y) * f64::from(*w));
        products.sum()
    };
    let compare = |of: &str, ours: Vec<Real>, at: &[Real], f: &dyn Fn(&[Real]) -> f64| {
        let scale = ours.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
        for i in some(ours.len()) {
            let name = format!("{name}: gradient in {of}, value {i}");
            close(&name, f64::from(ours[i]), slope(at, i, f), scale);
        }
    };
    compare("x", gradients.of(&x).as_vec(), &rows, &|rows| weighted(run(rows, &arrays)));
    for (index, array) in arrays.iter().enumerate() {
        let of = format!("array {index}");
        compare(&of, gradients.of(array).as_vec(), &array.as_vec(), &|moved| {
            let mut arrays = arrays.clone();
            arrays[index] = buffers::tensor(moved.to_vec(), (moved.len(),));
            weighted(run(&rows, &arrays))
        });
    }
}
