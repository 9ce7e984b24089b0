//! The power iteration on the device, of which nothing is read on the host.

use dfdx::prelude::*;

use super::{SMALLEST, SingularPair};
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, PerSample, Scalar};
use crate::gpu::gemm::{self, Factor};
use crate::gpu::spectral::{divide_by_norm, divide_by_norm_backward, make_unit};
use crate::gpu::{In, Out, reduce, zeros};

pub(super) fn power_iteration(weight: &PerSample, left: &PerSample, steps: usize) -> SingularPair {
    let ((count,), (outputs,)) = (*weight.shape(), *left.shape());
    let inputs = count / outputs;
    let unit = |n: usize, fill: &dyn Fn(Out) -> Result<(), DevError>| -> PerSample {
        filled((n,), |mut v| {
            fill(v.again())?;
            make_unit(n, SMALLEST, v)
        })
    };
    let mut pair = SingularPair {
        left: left.clone(),
        right: filled((inputs,), |_| Ok(())),
    };
    for _ in 0..steps {
        pair.right = unit(inputs, &|v| {
            let (left, weight) = (stored(&pair.left)?, stored(weight)?);
            let weight = Factor::new(weight.read(), outputs, inputs);
            gemm::write(Factor::new(left.read(), 1, outputs), weight, v)
        });
        pair.left = unit(outputs, &|u| {
            let (right, weight) = (stored(&pair.right)?, stored(weight)?);
            let weight = Factor::new(weight.read(), outputs, inputs);
            gemm::write(weight, Factor::new(right.read(), inputs, 1), u)
        });
    }
    pair
}

/// `W / (u^T W v)`, and what it was divided by.
pub(super) fn divided(weight: &PerSample, pair: &SingularPair) -> (PerSample, Scalar) {
    let ((outputs,), (inputs,)) = (*pair.left.shape(), *pair.right.shape());
    let products: PerSample = filled((outputs,), |products| {
        let (weight, right) = (stored(weight)?, stored(&pair.right)?);
        let weight = Factor::new(weight.read(), outputs, inputs);
        gemm::write(weight, Factor::new(right.read(), inputs, 1), products)
    });
    let norm = filled((), |norm| {
        let (left, products) = (stored(&pair.left)?, stored(&products)?);
        reduce::add_dot(left.read(), products.read(), norm)
    });
    let y = filled(*weight.shape(), |y| {
        let (norm, weight) = (stored(&norm)?, stored(weight)?);
        divide_by_norm(y.len(), SMALLEST, norm.read(), weight.read(), y)
    });
    (y, norm)
}

/// `gw += (g - <g, y> u v^T) / sigma`
pub(super) fn add_gradient(
    gw: Added,
    g: &Taken,
    y: &PerSample,
    pair: &SingularPair,
    norm: &Scalar,
) -> Result<(), DevError> {
    let mut along = zeros(1)?;
    reduce::add_dot(In::of(g), stored(y)?.read(), Out::of(&mut along))?;
    let ((rows,), (columns,)) = (*pair.left.shape(), *pair.right.shape());
    let (left, right, norm) = (stored(&pair.left)?, stored(&pair.right)?, stored(norm)?);
    divide_by_norm_backward(
        rows,
        columns,
        SMALLEST,
        norm.read(),
        In::of(&along),
        left.read(),
        right.read(),
        In::of(g),
        gw,
    )
}
