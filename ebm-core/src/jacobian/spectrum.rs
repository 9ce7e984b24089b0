//! All singular values.

use dfdx::prelude::*;

use super::Columns;
use super::small::Gram;
use crate::buffers::read;
use crate::device::{Dev, Real};
use crate::geometry::Geometry;

/// All singular values of every sample, smallest first: B rows of d.
///
/// ```
/// # use ebm_core::{geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::{jacobian, spectrum};
///
/// // G(z) = (2 z_2, -3 z_1).
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[0.0, 2.0, -3.0, 0.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<2, 2>.latents(vec![1.0, -1.0]);
/// let all = spectrum(&jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z)));
/// assert!((all[0][0] - 2.0).abs() < 1e-6 && (all[0][1] - 3.0).abs() < 1e-6);
/// ```
pub fn spectrum<G: Geometry>(jacobian: &Columns<G>) -> Vec<Vec<f64>> {
    let (batch, d) = (jacobian.batch, jacobian.latent);
    let (columns, _) = jacobian.columns.clone().split_tape();
    let mut all = Vec::with_capacity(batch);
    for_each_gram(&columns, batch, d, |gram| {
        let values = Gram { values: gram, d }.eigenvalues();
        all.push(values.into_iter().map(f64::sqrt).collect());
    });
    all
}

/// Calls `f` with `J^T J` `[d, d]` of each sample, from the columns `[d B, D]`.
pub(super) fn for_each_gram<C: Dim>(
    columns: &Tensor<(usize, C), Real, Dev>,
    batch: usize,
    d: usize,
    mut f: impl FnMut(&[f64]),
) {
    let width = columns.shape().1.size();
    let columns = read(columns);
    let column = |k: usize, b: usize| &columns[(k * batch + b) * width..(k * batch + b + 1) * width];
    let mut gram = vec![0.0; d * d];
    for b in 0..batch {
        for k in 0..d {
            for l in 0..=k {
                let dot = column(k, b).iter().zip(column(l, b));
                let dot: f64 = dot.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                gram[k * d + l] = dot;
                gram[l * d + k] = dot;
            }
        }
        f(&gram);
    }
}
