//! The loss of a classifier.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::elementwise::add_multiple;
use crate::prelude::*;
use crate::selftest::Quantity::{InInputs, Value};

/// `1/B sum_b -log softmax(x_b)[label_b]` of logits `[B, C]`, in nats; its gradient is `(softmax(x_b) - onehot(label_b)) / B`.
///
/// Both are computed in double precision.
///
/// # Panics
/// If there is not one label a row, or a label is no column.
pub fn cross_entropy(logits: Matrix<SharedTape>, labels: &[usize]) -> Scalar<SharedTape> {
    let (logits, tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    assert_eq!(labels.len(), rows, "one label a row");
    assert!(labels.iter().all(|label| *label < classes), "labels {labels:?} of {classes} classes");
    let mut slopes = run(|| zeros(rows * classes));
    let y: Scalar = filled((), |y| {
        let (labels, mut losses) = (upload(labels.to_vec())?, zeros::<f64>(rows)?);
        let (x, to_losses, to_slopes) = (stored(&logits)?, view_mut(&mut losses), view_mut(&mut slopes));
        backend::cross_entropy_rows(rows, classes, x.read(), view(&labels), to_losses, to_slopes)?;
        backend::mean_loss(rows, view(&losses), y)
    });
    record_unary(tape, &logits, y, move |gx, g| add_multiple(gx.len(), view(&g), view(&slopes), gx))
}

crate::selftest_cases!(|| {
    vec![Case::kernel("cross_entropy", || {
        let logits = matrix("cross_entropy", 67, 10);
        let labels: Vec<usize> = (0..67).map(|i| i * 7 % 10).collect();
        let loss = cross_entropy(SharedTape::inputs_only().watch(&logits), &labels);
        vec![Value.of(&loss), InInputs.of(&backward(loss).of(&logits))]
    })]
});

#[cfg(test)]
mod tests {
    use super::*;

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
        let (labels, logits) = ([2, 0, 3, 3, 1], check::array(20, 1.5, 3).as_vec());
        let x = buffers::tensor(logits.clone(), (5, 4));
        let loss = cross_entropy(SharedTape::inputs_only().watch(&x), &labels) * 2.0;
        let gradient = backward(loss).of(&x).as_vec();
        check::gradient("cross-entropy", &gradient, &logits, |logits| 2.0 * value(logits, &labels));
    }
}
