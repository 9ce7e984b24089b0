//! All singular values.

use dfdx::prelude::*;

use super::Columns;
use crate::geometry::Geometry;
use crate::kernels::volume::gram::{Gram, for_each_gram};

/// All singular values of every sample, smallest first: B rows of d.
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
