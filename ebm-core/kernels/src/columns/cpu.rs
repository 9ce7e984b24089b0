use crate::prelude::*;

/// `y_rc = x_r,which(c)`, of x with `width` columns.
pub fn choose(_: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    for (y, x) in y.chunks_exact_mut(which.len().max(1)).zip(x.chunks_exact(width)) {
        y.iter_mut().zip(which).for_each(|(y, &c)| *y = x[c]);
    }
    Ok(())
}

/// `y_rc += x_r,which(c)`, of x with `width` columns.
pub fn add_chosen(_: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    for (y, x) in y.chunks_exact_mut(which.len().max(1)).zip(x.chunks_exact(width)) {
        y.iter_mut().zip(which).for_each(|(y, &c)| *y += x[c]);
    }
    Ok(())
}

/// `y_r,which(c) += x_rc`, of y with `width` columns.
pub fn add_to_chosen(_: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(which.len())) {
        which.iter().zip(x).for_each(|(&c, x)| y[c] += x);
    }
    Ok(())
}

/// The matrix with the columns of `a` at `first` and those of `b` at `second`.
pub fn join(_: usize, (first, second): (&[usize], &[usize]), a: In, b: In, y: Out) -> DevResult {
    for (i, row) in y.chunks_exact_mut(first.len() + second.len()).enumerate() {
        for (which, from) in [(first, a), (second, b)] {
            which.iter().zip(&from[i * which.len()..]).for_each(|(&c, v)| row[c] = *v);
        }
    }
    Ok(())
}
