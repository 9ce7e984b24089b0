use crate::prelude::*;

/// Of every row with target `t = noise / s`: `losses = w sum g (g - 2 t) - o`, with `w sum t^2` besides if `whole` is not 0;
/// `errors = sum (s g - noise)^2`; `directions = 2 w (g - t)`. `terms` are all s, all w and all o.
pub fn denoise(
    rows: usize,
    columns: usize,
    whole: usize,
    terms: In<f64>,
    gradient: In,
    noise: In,
    losses: Out<f64>,
    errors: Out<f64>,
    directions: Out,
) -> DevResult {
    for row in 0..rows {
        let own = row * columns..(row + 1) * columns;
        let (scale, weight, offset) = (terms[row], terms[rows + row], terms[2 * rows + row]);
        let given = gradient[own.clone()].iter().zip(&noise[own.clone()]);
        let (mut distance, mut error) = (0.0, 0.0);
        for ((g, n), to) in given.zip(&mut directions[own]) {
            let (g, n) = (f64::from(*g), f64::from(*n));
            let target = n / scale;
            *to = (2.0 * weight * (g - target)) as Real;
            distance += match whole {
                0 => g * (g - 2.0 * target),
                _ => (g - target) * (g - target),
            };
            error += (scale * g - n).powi(2);
        }
        losses[row] = weight * distance - offset;
        errors[row] = error;
    }
    Ok(())
}
