use crate::prelude::*;

/// `y_rc = e^(l_c) x_rc`
pub fn stretch(_: usize, columns: usize, logarithms: In, x: In, y: Out) -> DevResult {
    let factors = factors(logarithms);
    for (y, x) in y.chunks_exact_mut(columns).zip(x.chunks_exact(columns)) {
        y.iter_mut().zip(x).zip(&factors).for_each(|((y, x), f)| *y = x * f);
    }
    Ok(())
}

/// `y_rc += e^(l_c) x_rc`
pub fn add_stretched(_: usize, columns: usize, logarithms: In, x: In, y: Out) -> DevResult {
    let factors = factors(logarithms);
    for (y, x) in y.chunks_exact_mut(columns).zip(x.chunks_exact(columns)) {
        y.iter_mut().zip(x).zip(&factors).for_each(|((y, x), f)| *y += x * f);
    }
    Ok(())
}

/// `gl_c += sum_r e^(l_c) g_rc x_rc`
pub fn add_to_logarithms(_: usize, columns: usize, logarithms: In, g: In, x: In, gl: Out) -> DevResult {
    let factors = factors(logarithms);
    for (g, x) in g.chunks_exact(columns).zip(x.chunks_exact(columns)) {
        for (((l, g), x), f) in gl.iter_mut().zip(g).zip(x).zip(&factors) {
            *l += g * f * x;
        }
    }
    Ok(())
}

fn factors(logarithms: In) -> Vec<Real> {
    logarithms.iter().map(|l| l.exp()).collect()
}
