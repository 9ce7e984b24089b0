//! The loss of a classifier.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use crate::device::{Matrix, Scalar};
use crate::tape::SharedTape;

/// `1/B sum_b -log softmax(x_b)[label_b]` of logits `[B, C]`, in nats; its gradient is `(softmax(x_b) - onehot(label_b)) / B`.
///
/// Both are computed in double precision.
///
/// # Panics
/// If there is not one label a row, or a label is no column.
pub fn cross_entropy(logits: Matrix<SharedTape>, labels: &[usize]) -> Scalar<SharedTape> {
    use dfdx::prelude::HasShape;
    let (rows, classes) = *logits.shape();
    assert_eq!(labels.len(), rows, "one label a row");
    assert!(
        labels.iter().all(|label| *label < classes),
        "labels {labels:?} of {classes} classes"
    );
    side::mean_surprise(logits, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{STEP, array, close};
    use crate::device::Real;
    use crate::tape::backward;

    fn value(logits: &[Real], labels: &[usize]) -> f64 {
        let x = buffers::tensor(logits.to_vec(), (labels.len(), logits.len() / labels.len()));
        f64::from(cross_entropy(SharedTape::off().watch(&x), labels).as_vec()[0])
    }

    #[test]
    fn values_are_those_of_the_formula_also_where_exponentials_overflow() {
        // log(1 + e^-1 + e^-3) and log(1 + 2 e^-2) + 2
        let expected = ((1.0 + (-1f64).exp() + (-3f64).exp()).ln() + (1.0 + 2.0 * (-2f64).exp()).ln() + 2.0) / 2.0;
        for shift in [0.0, 2000.0, -2000.0] {
            let logits = [1.0, 2.0, -1.0, 3.0, 1.0, 1.0].map(|x| x + shift);
            let found = value(&logits, &[1, 2]);
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let (labels, logits) = ([2, 0, 3, 3, 1], array(20, 1.5, 3).as_vec());
        let x = buffers::tensor(logits.clone(), (5, 4));
        let loss = cross_entropy(SharedTape::inputs_only().watch(&x), &labels) * 2.0;
        let gradient = backward(loss).of(&x).as_vec();
        for (i, ours) in gradient.into_iter().enumerate() {
            let moved = |step: Real| {
                let mut logits = logits.clone();
                logits[i] += step;
                value(&logits, &labels)
            };
            let slope = 2.0 * (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
            close(&format!("slope in logit {i}"), f64::from(ours), slope, slope.abs());
        }
    }
}
