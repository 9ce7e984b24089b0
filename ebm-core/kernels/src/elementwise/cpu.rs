use crate::prelude::*;

/// `y += x`
pub(crate) fn add_to(_: usize, x: In, y: Out) -> DevResult {
    vectorised(|| add(y, x));
    Ok(())
}

/// `y = a + b`
pub(crate) fn add_up(_: usize, a: In, b: In, y: Out) -> DevResult {
    vectorised(|| y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (a, b))| *y = a + b));
    Ok(())
}

/// `y = x`
pub(crate) fn copy_to(_: usize, x: In, y: Out) -> DevResult {
    y.copy_from_slice(x);
    Ok(())
}

/// `y = factor x`, where `factor` is one number.
pub(crate) fn multiply(_: usize, factor: In, x: In, y: Out) -> DevResult {
    let factor = factor[0];
    y.iter_mut().zip(x).for_each(|(y, x)| *y = factor * x);
    Ok(())
}

/// `y += factor x`, where `factor` is one number.
pub(crate) fn add_multiple(_: usize, factor: In, x: In, y: Out) -> DevResult {
    let factor = factor[0];
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
    Ok(())
}

/// `y += scale value` in every element, where `value` is one number.
pub(crate) fn add_number(_: usize, scale: Real, value: In, y: Out) -> DevResult {
    let by = value[0] * scale;
    y.iter_mut().for_each(|y| *y += by);
    Ok(())
}
