use ebm_core::{device::Real, random::Random};

/// What is near a training sample, in deviations of the data.
const REACH: f64 = 0.3;
/// Kernel widths, in deviations: this one, and each of the others half of the one before.
const WIDEST: f64 = 0.1;
const WIDTHS: usize = 4;
/// Beyond so many of the widest kernel's deviations, a training sample adds nothing that a number in double precision holds.
const FARTHEST: f64 = 9.0;

/// The region near training samples in the plane, and a density there: that of Gaussian kernels of several widths around them.
///
/// Its samples are where the data are even if the generator is not.
pub(super) struct Near {
    /// Training samples in deviations, a column after the other: so distances from all of them are taken in one loop.
    columns: Vec<Vec<Real>>,
}

impl Near {
    /// Around these samples `[n, D]`, in deviations.
    pub fn around(samples: &[Real], width: usize) -> Self {
        let column = |k: usize| samples.iter().skip(k).step_by(width).copied().collect();
        Self { columns: (0..width).map(column).collect() }
    }

    /// Whether a point, in deviations, lies in the region.
    pub fn contains(&self, point: &[Real]) -> bool {
        reached(&self.squares(point))
    }

    /// Samples `[n, D]` in deviations, and the logarithms of `1/q(x)`, `[n]`: minus infinity for those that are not in the region.
    pub fn draw(&self, n: usize, random: Random) -> (Vec<Real>, Vec<f64>) {
        let (width, count) = (self.columns.len(), self.columns[0].len());
        let (places, normals) = (random.stream("kernel").uniforms(n), random.stream("noise").normals(n * width));
        let mut points = Vec::with_capacity(normals.len());
        for (k, (noise, place)) in normals.chunks_exact(width).zip(places).enumerate() {
            let row = ((f64::from(place) * count as f64) as usize).min(count - 1);
            let kernel = WIDEST / f64::from(1 << (k % WIDTHS));
            points.extend(self.columns.iter().zip(noise).map(|(column, noise)| column[row] + kernel as Real * noise));
        }
        let log_inverse = points.chunks_exact(width).map(|point| {
            let squares = self.squares(point);
            if reached(&squares) { -log_density(&squares, width as i32) } else { f64::NEG_INFINITY }
        });
        let log_inverse = log_inverse.collect();
        (points, log_inverse)
    }

    /// Squared distances from all training samples.
    fn squares(&self, point: &[Real]) -> Vec<f64> {
        let mut squares = vec![0.0; self.columns[0].len()];
        for (column, at) in self.columns.iter().zip(point) {
            squares.iter_mut().zip(column).for_each(|(square, x)| *square += f64::from(x - at).powi(2));
        }
        squares
    }
}

/// Whether one of the squared distances is near.
fn reached(squares: &[f64]) -> bool {
    squares.iter().any(|square| *square <= REACH * REACH)
}

/// The logarithm of the mean of all kernels of all widths, given the squared distances from their centres in so many dimensions.
fn log_density(squares: &[f64], width: i32) -> f64 {
    let near = |square: &&f64| **square < (FARTHEST * WIDEST).powi(2);
    let kernels = squares.iter().filter(near).map(|square| {
        // Of half the width: the fourth power of the exponential, and 2^D times the height.
        let mut kernel = (-0.5 * square / (WIDEST * WIDEST)).exp();
        let mut sum = 0.0;
        for halved in 0..WIDTHS {
            sum += kernel * f64::from(1 << halved).powi(width);
            kernel = kernel.powi(4);
        }
        sum
    });
    let height = -f64::from(width) * (0.5 * std::f64::consts::TAU.ln() + WIDEST.ln());
    kernels.sum::<f64>().ln() + height - ((WIDTHS * squares.len()) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_integrate_over_the_region() {
        // Two discs of radius 0.3 whose centres are 0.3 apart overlap in r^2 (2 pi/3 - sqrt(3)/2); and one by itself.
        let near = Near::around(&[0.0, 0.0, 0.3, 0.0, -2.0, 1.0], 2);
        let (points, log_inverse) = near.draw(1_000_000, Random::new(5));
        let shape = |x: &[Real]| 1.0 + f64::from(x[0]);
        let weights = points.chunks_exact(2).zip(&log_inverse).map(|(x, h)| h.exp() * shape(x));
        let found = weights.sum::<f64>() / log_inverse.len() as f64;
        let disc = std::f64::consts::PI * 0.09;
        let overlap = 0.09 * (std::f64::consts::TAU / 3.0 - 3f64.sqrt() / 2.0);
        // The integral of 1 + x: areas times 1 + the centre of each.
        let exact = (2.0 * disc - overlap) * 1.15 - disc;
        // Four standard errors: samples near the border are few, and weigh much.
        assert!((found - exact).abs() < 0.014, "{found} {exact}");

        // A density that the kernels cover.
        let inner = |x: &[Real]| {
            let square = (f64::from(x[0]) - 0.1).powi(2) + f64::from(x[1]).powi(2);
            (-0.5 * square / 0.0025).exp() / (std::f64::consts::TAU * 0.0025)
        };
        let weights = points.chunks_exact(2).zip(&log_inverse).map(|(x, h)| h.exp() * inner(x));
        let found = weights.sum::<f64>() / log_inverse.len() as f64;
        assert!((found - 1.0).abs() < 0.017, "{found}");
    }

    #[test]
    fn the_density_is_the_mean_of_the_kernels() {
        let near = Near::around(&[0.5, 0.55], 1);
        let normal = |x: f64, s: f64| (-0.5 * (x / s).powi(2)).exp() / (s * std::f64::consts::TAU.sqrt());
        let kernels = [0.1, 0.05, 0.025, 0.0125].map(|s| normal(0.08, s) + normal(0.03, s));
        let exact = (kernels.iter().sum::<f64>() / 8.0).ln();
        assert!((log_density(&near.squares(&[0.58]), 1) - exact).abs() < 1e-4);
    }
}
