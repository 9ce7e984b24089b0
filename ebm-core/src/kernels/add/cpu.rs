//! The sum on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};
use crate::kernels::math::vectorised;

/// `a + b`
pub(super) fn sum(a: &Matrix, b: &Matrix) -> Matrix {
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
