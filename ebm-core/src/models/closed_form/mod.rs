//! Models whose every quantity is known: for tests, for examples, for authors of bounds.

mod diffused_gaussian;
mod linear_gaussian;
mod quadratic;
mod triangular_flow;

use crate::device::{PerSample, Real};
use crate::kernels::Activation;
use crate::kernels::dense::Dense;

pub use diffused_gaussian::DiffusedGaussian;
pub use linear_gaussian::LinearGaussian;
pub use quadratic::QuadraticEnergy;
pub use triangular_flow::TriangularFlow;

/// ln(2 pi)
pub(crate) const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// The differential entropy of N(0, I_d) in nats: `d/2 ln(2 pi e)`.
pub fn standard_normal_entropy(d: usize) -> f64 {
    0.5 * d as f64 * (LN_TAU + 1.0)
}

/// ln |det A| of a symmetric positive definite `[n, n]` matrix, row-major; `None` if it is not.
pub(crate) fn ln_det_spd(a: &[f64], n: usize) -> Option<f64> {
    let m = faer::MatRef::from_row_major_slice(a, n, n);
    let l = m.llt(faer::Side::Lower).ok()?;
    let diagonal = l.L().diagonal().column_vector();
    Some(2.0 * (0..n).map(|i| diagonal[i].ln()).sum::<f64>())
}

/// The eigenvalues of a symmetric `[n, n]` matrix, row-major, smallest first; `None` where they are not found.
fn eigenvalues(a: &[f64], n: usize) -> Option<Vec<f64>> {
    faer::MatRef::from_row_major_slice(a, n, n).self_adjoint_eigenvalues(faer::Side::Lower).ok()
}

/// The affine map of `weight` `[outputs, inputs]`.
fn affine(weight: PerSample, bias: Option<PerSample>, [outputs, inputs]: [usize; 2], trains: bool) -> Dense {
    Dense { weight, bias, slope: None, inputs, outputs, activation: Activation::Identity, trains }
}

fn reals(values: &[f64]) -> Vec<Real> {
    values.iter().map(|&v| v as Real).collect()
}

fn doubles(values: Vec<Real>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}
