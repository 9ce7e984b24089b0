//! The sum on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{Dev, DevError, Real};
use crate::kernels::math::vectorised;

/// `a + b`
pub(super) fn sum<S: Shape>(a: &Tensor<S, Real, Dev>, b: &Tensor<S, Real, Dev>) -> Tensor<S, Real, Dev> {
    let mut y = read(a).into_owned();
    add(&mut y, &read(b));
    buffers::tensor(y, *a.shape())
}

/// `to += from`
pub(super) fn plus(to: &mut [Real], from: &[Real]) -> Result<(), DevError> {
    add(to, from);
    Ok(())
}

fn add(to: &mut [Real], from: &[Real]) {
    vectorised(|| to.iter_mut().zip(from).for_each(|(t, f)| *t += f));
}
