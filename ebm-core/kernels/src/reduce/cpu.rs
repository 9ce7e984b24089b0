//! Sums on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{Dev, DevError, PerSample, Real, Scalar};
use crate::math::{dot, vectorised};

/// `scale sum_i x_i`, in double precision: the sum of a batch is what gets logged and compared.
pub(super) fn total(x: &PerSample, scale: Real) -> Scalar {
    let total: f64 = read(x).iter().map(|&v| f64::from(v)).sum();
    buffers::tensor(vec![(total * f64::from(scale)) as Real], ())
}

/// `gx_i += scale g`
pub(super) fn add_number(gx: &mut [Real], g: &[Real], scale: Real) -> Result<(), DevError> {
    let g = g[0] * scale;
    gx.iter_mut().for_each(|v| *v += g);
    Ok(())
}

/// `gx_i += g slopes_i`
pub(super) fn add_slopes<S: Shape>(gx: &mut [Real], g: &[Real], slopes: &Tensor<S, Real, Dev>) -> Result<(), DevError> {
    let g = g[0];
    gx.iter_mut()
        .zip(read(slopes).iter())
        .for_each(|(x, slope)| *x += g * slope);
    Ok(())
}

/// `y_i = sum_j a_ij b_ij`
pub(super) fn row_products<C: Dim>(a: &Tensor<(usize, C), Real, Dev>, b: &Tensor<(usize, C), Real, Dev>) -> PerSample {
    let (rows, columns) = (a.shape().0, a.shape().1.size());
    let y = {
        let (a, b) = (read(a), read(b));
        vectorised(|| {
            a.chunks_exact(columns)
                .zip(b.chunks_exact(columns))
                .map(|(a, b)| dot(a, b))
                .collect()
        })
    };
    buffers::tensor(y, (rows,))
}

/// `to_ij += g_i other_ij`
pub(super) fn add_scaled_rows<C: Dim>(
    to: &mut [Real],
    g: &[Real],
    other: &Tensor<(usize, C), Real, Dev>,
) -> Result<(), DevError> {
    let columns = other.shape().1.size();
    let other = read(other);
    let rows = to.chunks_exact_mut(columns).zip(other.chunks_exact(columns));
    vectorised(|| {
        for ((to, other), g) in rows.zip(g) {
            to.iter_mut().zip(other).for_each(|(t, o)| *t += g * o);
        }
    });
    Ok(())
}
