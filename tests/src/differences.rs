//! Gradients against central differences.
//!
//! In single precision the differences check the wiring, in double precision (feature `f64`) the formulas.

use ebm_core::device::{Real, values};
use ebm_core::{parameter::Module, tape::GradientMap};

/// Step of the differences.
pub const STEP: Real = if cfg!(feature = "f64") { 1e-5 } else { 4e-3 };
/// Largest relative error allowed.
pub const TOLERANCE: f64 = if cfg!(feature = "f64") { 1e-6 } else { 3e-2 };
/// The tolerance for closed forms, which are computed without a difference step.
pub const EXACT: f64 = if cfg!(feature = "f64") { 1e-12 } else { 2e-5 };
/// Compares a value with the truth, relative to it.
pub fn near(name: &str, ours: f64, truth: f64, tolerance: f64) {
    let error = (ours - truth).abs() / (1.0 + truth.abs());
    assert!(error <= tolerance, "{name}: {ours} is not {truth} (relative error {error:.1e})");
}

/// The gradients of a module's trained parameters.
pub fn gradients_of<M: Module + ?Sized>(model: &M, gradients: &mut GradientMap) -> Vec<Vec<Real>> {
    let trained = model.parameters().into_iter().filter(|p| p.is_trained());
    trained.map(|p| values(&gradients.of(p.tensor()))).collect()
}

/// Whether there is nothing but zeros.
pub fn all_zero(gradients: &[Vec<Real>]) -> bool {
    gradients.iter().flatten().all(|g| *g == 0.0)
}

/// Compares gradients in every trained value of `model` with central differences of `value`, relative to the largest of
/// their array.
pub fn differences<M: Module + ?Sized>(
    name: &str,
    model: &mut M,
    ours: &[Vec<Real>],
    value: &mut dyn FnMut(&M) -> f64,
) {
    let mut trained: Vec<usize> = (0..model.parameters().len()).collect();
    trained.retain(|index| model.parameters()[*index].is_trained());
    assert!(!ours.is_empty(), "{name}: nothing to check");
    for (index, ours) in trained.into_iter().zip(ours) {
        let (start, label) = {
            let p = model.parameters()[index];
            (p.values(), p.name().to_string())
        };
        let scale = ours.iter().fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
        for i in 0..start.len() {
            let mut shifted = |by: Real| {
                let mut moved = start.clone();
                moved[i] += by;
                model.parameters_mut()[index].set(&moved);
                value(model)
            };
            let truth = (shifted(STEP) - shifted(-STEP)) / (2.0 * f64::from(STEP));
            let error = (f64::from(ours[i]) - truth).abs() / (1.0 + scale);
            assert!(
                error <= TOLERANCE,
                "{name}: {label}[{i}]: {} is not {truth} (relative error {error:.1e})",
                ours[i]
            );
        }
        model.parameters_mut()[index].set(&start);
    }
}
