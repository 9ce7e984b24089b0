//! The distance of a gradient from the noise that was put on a sample.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::device_vec::DeviceVec;
use crate::prelude::*;
use crate::selftest::doubles;

/// The part of a row in the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The standard deviation s of the noise.
    pub noise: f64,
    /// The weight w of the squared distance.
    pub weight: f64,
    /// A constant o that is subtracted.
    pub offset: f64,
}

/// A squared distance of a gradient g from its target t = n/s.
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
    pub losses: DeviceVec,
    /// `|| s_b g_b - n_b ||^2`, `[B]`.
    pub errors: DeviceVec,
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
    assert_eq!(gradient.shape().concrete(), noise.shape().concrete(), "shapes of gradient and noise");
    assert_eq!(gradient.shape().0, rows.len(), "the part of each row");
    let (count, columns) = (rows.len(), gradient.shape().1.size());
    let terms = |of: fn(&Row) -> f64| rows.iter().map(of);
    let terms = terms(|row| row.noise).chain(terms(|row| row.weight)).chain(terms(|row| row.offset));
    let [mut losses, mut errors] = [(); 2].map(|()| run(|| zeros(count)));
    let directions = filled(*gradient.shape(), |directions| {
        let terms = upload::<f64>(terms.collect())?;
        let (gradient, noise) = (stored(gradient)?, stored(noise)?);
        let (losses, errors) = (view_mut(&mut losses), view_mut(&mut errors));
        let whole = usize::from(square == Square::Whole);
        backend::denoise(count, columns, whole, view(&terms), gradient.read(), noise.read(), losses, errors, directions)
    });
    Denoised { losses: DeviceVec(losses), errors: DeviceVec(errors), directions }
}

crate::selftest_cases!(|| {
    const SAMPLES: usize = 68;
    // More than two warps.
    const WIDTH: usize = 75;
    let case = |name, square| {
        Case::kernel(name, move || {
            let (gradient, noise) = (matrix("denoise/g", SAMPLES, WIDTH), matrix("denoise/n", SAMPLES, WIDTH));
            let [levels, weights] = ["denoise/s", "denoise/w"].map(|name| doubles(scaled(name, SAMPLES, -1)));
            let rows = levels.into_iter().zip(weights).map(|(level, weight)| Row {
                noise: 1.0 + level,
                weight: 1.0 + weight,
                offset: 1.0 + weight,
            });
            let found = denoise(&gradient, &noise, &rows.collect::<Vec<_>>(), square);
            vec![
                (Quantity::Value, found.losses.read()),
                (Quantity::Value, found.errors.read()),
                Quantity::InInputs.of(&found.directions),
            ]
        })
    };
    vec![case("denoise", Square::Whole), case("denoise: without the target", Square::WithoutTarget)]
});

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: (usize, usize) = (4, 37);

    fn rows() -> Vec<Row> {
        let row = |b: usize| Row { noise: 0.2 + 0.3 * b as f64, weight: 1.5 - 0.4 * b as f64, offset: b as f64 - 1.0 };
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
                assert!((losses[b] - loss).abs() < 1e-12 * (1.0 + distance), "{} {loss}", losses[b]);
                let error = sum(&|g, n| (row.noise * g - n).powi(2));
                assert!((errors[b] - error).abs() < 1e-12 * error, "{} {error}", errors[b]);
            }
            for (i, direction) in directions.into_iter().enumerate() {
                let loss = |gradient: &[Real]| at(gradient, square).losses.read()[i / SHAPE.1];
                let slope = check::slope(&gradient, i, &loss);
                check::close(&format!("{square:?}, {i}"), f64::from(direction), slope, slope.abs());
            }
        }
    }
}
