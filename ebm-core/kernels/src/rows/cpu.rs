use crate::prelude::*;

/// `copies` times the n values of `x`, one after the other.
pub fn repeat(n: usize, _: usize, x: In, y: Out) -> DevResult {
    y.chunks_exact_mut(n.max(1)).for_each(|copy| copy.copy_from_slice(x));
    Ok(())
}

/// Adds to every value of `y` those of all copies.
pub fn add_repeated(n: usize, _: usize, x: In, y: Out) -> DevResult {
    x.chunks_exact(n.max(1)).for_each(|copy| add(y, copy));
    Ok(())
}

/// `y_r = x_which(r)`
pub fn choose_rows(_: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    for (y, i) in y.chunks_exact_mut(columns).zip(which) {
        y.copy_from_slice(&x[i * columns..(i + 1) * columns]);
    }
    Ok(())
}

/// `y_which(r) += x_r`
pub fn add_to_chosen(_: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    for (i, x) in which.iter().zip(x.chunks_exact(columns)) {
        add(&mut y[i * columns..(i + 1) * columns], x);
    }
    Ok(())
}
