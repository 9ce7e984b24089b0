//! The power iteration on slices.

use dfdx::prelude::*;

use super::{SMALLEST, SingularPair};
use crate::buffers::{self, read};
use crate::device::{DevError, PerSample, Real};
use crate::gemm::{Product, matrix};

pub(super) fn power_iteration(weight: &PerSample, left: &PerSample, steps: usize) -> SingularPair {
    let (weight, mut left) = (read(weight), read(left).into_owned());
    let (outputs, inputs) = (left.len(), weight.len() / left.len());
    let w = matrix(&weight, outputs, inputs);
    let mut right = vec![0.0; inputs];
    for _ in 0..steps {
        Product {
            a: matrix(&left, 1, outputs),
            b: w,
        }
        .write(&mut right);
        normalise(&mut right);
        Product {
            a: w,
            b: matrix(&right, inputs, 1),
        }
        .write(&mut left);
        normalise(&mut left);
    }
    SingularPair {
        left: buffers::tensor(left, (outputs,)),
        right: buffers::tensor(right, (inputs,)),
    }
}

fn normalise(v: &mut [Real]) {
    let norm = v.iter().map(|x| x * x).sum::<Real>().sqrt().max(SMALLEST);
    v.iter_mut().for_each(|x| *x /= norm);
}

/// `W / (u^T W v)`, and what it was divided by.
pub(super) fn divided(weight: &PerSample, pair: &SingularPair) -> (PerSample, Real) {
    let (w, u, v) = (read(weight), read(&pair.left), read(&pair.right));
    let rows = w.chunks_exact(v.len());
    let products = rows.map(|row| -> Real { row.iter().zip(v.iter()).map(|(w, v)| w * v).sum() });
    let norm: Real = u.iter().zip(products).map(|(u, product)| u * product).sum();
    let norm = norm.max(SMALLEST);
    let values = w.iter().map(|w| w / norm).collect();
    (buffers::tensor(values, *weight.shape()), norm)
}

/// `gw += (g - <g, y> u v^T) / sigma`
pub(super) fn add_gradient(
    gw: &mut [Real],
    g: &[Real],
    y: &PerSample,
    pair: &SingularPair,
    norm: &Real,
) -> Result<(), DevError> {
    let (u, v) = (read(&pair.left), read(&pair.right));
    let along: Real = g.iter().zip(read(y).iter()).map(|(g, y)| g * y).sum();
    let rows = gw.chunks_exact_mut(v.len()).zip(g.chunks_exact(v.len()));
    for ((gw, g), u) in rows.zip(u.iter()) {
        for ((gw, g), v) in gw.iter_mut().zip(g).zip(v.iter()) {
            *gw += (g - along * u * v) / norm;
        }
    }
    Ok(())
}
