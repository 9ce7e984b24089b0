//! Singular vectors and their norm on slices.

use crate::device::{DevResult, Real};

/// `v /= max(|v|, smallest)`
pub(super) fn make_unit(_: usize, smallest: Real, v: &mut [Real]) -> DevResult {
    let norm = v.iter().map(|x| x * x).sum::<Real>().sqrt().max(smallest);
    v.iter_mut().for_each(|x| *x /= norm);
    Ok(())
}

/// `norm = left^T W right`
pub(super) fn norm(
    _: usize,
    inputs: usize,
    weight: &[Real],
    left: &[Real],
    right: &[Real],
    norm: &mut [Real],
) -> DevResult {
    let rows = weight.chunks_exact(inputs);
    let products = rows.map(|row| -> Real { row.iter().zip(right).map(|(w, v)| w * v).sum() });
    norm[0] = left.iter().zip(products).map(|(u, product)| u * product).sum();
    Ok(())
}

/// `y = w / max(norm, smallest)`
pub(super) fn divide_by_norm(_: usize, smallest: Real, norm: &[Real], w: &[Real], y: &mut [Real]) -> DevResult {
    let norm = norm[0].max(smallest);
    y.iter_mut().zip(w).for_each(|(y, w)| *y = w / norm);
    Ok(())
}

/// `gw += (g - along left right^T) / max(norm, smallest)`
pub(super) fn divide_by_norm_backward(
    _: usize,
    columns: usize,
    smallest: Real,
    norm: &[Real],
    along: &[Real],
    left: &[Real],
    right: &[Real],
    g: &[Real],
    gw: &mut [Real],
) -> DevResult {
    let (norm, along) = (norm[0].max(smallest), along[0]);
    let rows = gw.chunks_exact_mut(columns).zip(g.chunks_exact(columns));
    for ((gw, g), u) in rows.zip(left) {
        for ((gw, g), v) in gw.iter_mut().zip(g).zip(right) {
            *gw += (g - along * u * v) / norm;
        }
    }
    Ok(())
}
