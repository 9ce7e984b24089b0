use crate::prelude::*;

/// `v /= max(|v|, smallest)`
pub fn make_unit(_: usize, smallest: Real, v: Out) -> DevResult {
    let norm = v.iter().map(|x| x * x).sum::<Real>().sqrt().max(smallest);
    v.iter_mut().for_each(|x| *x /= norm);
    Ok(())
}

/// `norm = left^T W right`
pub fn norm(_: usize, inputs: usize, weight: In, left: In, right: In, norm: Out) -> DevResult {
    let rows = weight.chunks_exact(inputs);
    let products = rows.map(|row| -> Real { row.iter().zip(right).map(|(w, v)| w * v).sum() });
    norm[0] = left.iter().zip(products).map(|(u, product)| u * product).sum();
    Ok(())
}

/// `y = w / max(norm, smallest)`
pub fn divide_by_norm(_: usize, smallest: Real, norm: In, w: In, y: Out) -> DevResult {
    let norm = norm[0].max(smallest);
    y.iter_mut().zip(w).for_each(|(y, w)| *y = w / norm);
    Ok(())
}

/// `gw += (g - along left right^T) / max(norm, smallest)`
pub fn divide_by_norm_backward(
    _: usize,
    columns: usize,
    smallest: Real,
    norm: In,
    along: In,
    left: In,
    right: In,
    g: In,
    gw: Out,
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
