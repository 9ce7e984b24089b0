//! How well a gradient tells the noise that was put on a sample.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use super::Figures;
use crate::device::{Dev, Real};

/// Rows of values that nothing is recorded of.
type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// What a row counts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The standard deviation s of the noise.
    pub noise: f64,
    /// The weight w of the squared distance.
    pub weight: f64,
    /// A constant o that is taken off.
    pub offset: f64,
}

/// Which squared distance of a gradient g from its target t = n/s is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Square {
    /// `|| g - t ||^2`
    Whole,
    /// `|| g - t ||^2 - || t ||^2`, which has the same derivative and no part that g cannot change.
    WithoutTarget,
}

/// A gradient `[B, C]` compared with the noise; see [`denoise`].
pub struct Denoised<C: Dim> {
    /// `l_b = w_b || g_b - n_b / s_b ||^2 - o_b`, `[B]`.
    pub losses: Figures,
    /// `|| s_b g_b - n_b ||^2`, `[B]`.
    pub errors: Figures,
    /// `dl_b / dg_b = 2 w_b (g_b - n_b / s_b)`, `[B, C]`.
    pub directions: Rows<C>,
}

/// Denoising score matching (Vincent, "A connection between score matching and denoising autoencoders", Neural Computation
/// 2011): compares gradients g `[B, C]` of energies at `x_b + s_b n_b` with `n_b / s_b`, for noise n `[B, C]`. In double
/// precision; nothing is recorded.
///
/// # Panics
/// If the shapes or the number of rows differ.
pub fn denoise<C: Dim>(gradient: &Rows<C>, noise: &Rows<C>, rows: &[Row], square: Square) -> Denoised<C> {
    assert_eq!(
        gradient.shape().concrete(),
        noise.shape().concrete(),
        "shapes of gradient and noise"
    );
    assert_eq!(gradient.shape().0, rows.len(), "what each row counts for");
    side::denoise(gradient, noise, rows, square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check;

    const SHAPE: (usize, usize) = (4, 37);

    fn rows() -> Vec<Row> {
        let row = |b: usize| Row {
            noise: 0.2 + 0.3 * b as f64,
            weight: 1.5 - 0.4 * b as f64,
            offset: b as f64 - 1.0,
        };
        (0..SHAPE.0).map(row).collect()
    }

    fn at(gradient: &[Real], square: Square) -> Denoised<usize> {
        let noise = check::array(SHAPE.0 * SHAPE.1, 1.0, 8).as_vec();
        let [gradient, noise] = [gradient.to_vec(), noise].map(|values| buffers::tensor(values, SHAPE));
        denoise(&gradient, &noise, &rows(), square)
    }

    #[test]
    fn losses_are_those_of_the_formula_and_directions_their_derivatives() {
        let gradient = check::array(SHAPE.0 * SHAPE.1, 1.0, 7).as_vec();
        let noise = check::array(SHAPE.0 * SHAPE.1, 1.0, 8).as_vec();
        for square in [Square::Whole, Square::WithoutTarget] {
            let found = at(&gradient, square);
            let (losses, errors, directions) = (found.losses.read(), found.errors.read(), found.directions.as_vec());
            for (b, row) in rows().into_iter().enumerate() {
                let own = b * SHAPE.1..(b + 1) * SHAPE.1;
                let pairs = gradient[own.clone()].iter().zip(&noise[own]);
                let pairs: Vec<(f64, f64)> = pairs.map(|(g, n)| (f64::from(*g), f64::from(*n))).collect();
                let sum = |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(g, n)| f(*g, *n)).sum::<f64>();
                let target = match square {
                    Square::Whole => 0.0,
                    Square::WithoutTarget => sum(&|_, n| (n / row.noise).powi(2)),
                };
                let distance = sum(&|g, n| (g - n / row.noise).powi(2));
                let loss = row.weight * (distance - target) - row.offset;
                assert!(
                    (losses[b] - loss).abs() < 1e-12 * (1.0 + distance),
                    "{} {loss}",
                    losses[b]
                );
                let error = sum(&|g, n| (row.noise * g - n).powi(2));
                assert!((errors[b] - error).abs() < 1e-12 * error, "{} {error}", errors[b]);
            }
            for i in 0..gradient.len() {
                let moved = |by: Real| {
                    let mut gradient = gradient.clone();
                    gradient[i] += by;
                    at(&gradient, square).losses.read()[i / SHAPE.1]
                };
                let slope = (moved(check::STEP) - moved(-check::STEP)) / (2.0 * f64::from(check::STEP));
                check::close(
                    &format!("{square:?}, {i}"),
                    f64::from(directions[i]),
                    slope,
                    slope.abs(),
                );
            }
        }
    }
}
