//! Boxes around samples, and jittered grids in them: what exact maximum likelihood integrates over.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use ebm_core::{data::Dataset, device::Real, error::ConfigError, random::Random};

/// An axis-aligned box in data space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Lower corner, one value an axis.
    pub low: Vec<f64>,
    /// Upper corner, one value an axis.
    pub high: Vec<f64>,
}

impl Region {
    /// The box `[-half_side, half_side]^width`.
    pub fn cube(half_side: f64, width: usize) -> Self {
        Self { low: vec![-half_side; width], high: vec![half_side; width] }
    }

    /// The bounding box of row-major samples of `width` columns, wider on each side by `margin` times its side.
    ///
    /// An axis along which the samples do not vary gets a side of 1 around them. Without samples it is the unit cube
    /// around the origin.
    pub fn around(samples: &[Real], width: usize, margin: f64) -> Self {
        if samples.is_empty() {
            return Self::cube(0.5, width);
        }
        let sides = (0..width).map(|axis| {
            let column = samples.iter().skip(axis).step_by(width).map(|v| f64::from(*v));
            let (low, high) =
                column.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
            let wider = if high > low { margin * (high - low) } else { 0.5 };
            (low - wider, high + wider)
        });
        let (low, high) = sides.unzip();
        Self { low, high }
    }

    /// The box that exact maximum likelihood integrates over: that of the data with a margin; a confinement keeps the mass in it.
    pub(crate) fn of_data(data: &dyn Dataset, random: Random) -> Result<Self, ConfigError> {
        ConfigError::require(
            data.width() <= 2,
            "train.objective",
            "maximum-likelihood",
            &format!("data of one or two dimensions for it, not {}", data.width()),
        )?;
        let draw = data.draw(10_000, random.stream("likelihood-box"));
        Ok(Self::around(&draw, data.width(), 0.25))
    }

    /// Number of axes.
    pub fn width(&self) -> usize {
        self.low.len()
    }

    /// Length of each side.
    pub fn sides(&self) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(low, high)| high - low).collect()
    }

    /// The box with the same centre and sides `factor` times as long.
    pub fn scaled(&self, factor: f64) -> Self {
        let sides = self.low.iter().zip(&self.high).map(|(low, high)| {
            let (centre, half) = (0.5 * (low + high), 0.5 * factor * (high - low));
            (centre - half, centre + half)
        });
        let (low, high) = sides.unzip();
        Self { low, high }
    }
}

/// One point drawn uniformly in each of `per_axis^D` cells of a box, row-major `[per_axis^D, D]` with the last axis
/// running fastest, and the volume of a cell.
///
/// The sum of `f(x) * volume` over the points is an unbiased estimate of the integral of f over the box, with far less
/// variance than independent points: what exact maximum-likelihood training needs, since a fixed grid would let an
/// energy hide mass between the nodes.
pub fn jittered_nodes(region: &Region, per_axis: usize, random: Random) -> (Vec<Real>, f64) {
    let width = region.width();
    let steps: Vec<f64> = region.sides().iter().map(|side| side / per_axis as f64).collect();
    let mut rng = random.whole().rng();
    let count = per_axis.pow(width as u32);
    let mut nodes = Vec::with_capacity(count * width);
    let mut cell = vec![0usize; width];
    for _ in 0..count {
        for axis in 0..width {
            let place = cell[axis] as f64 + rng.random::<f64>();
            nodes.push((region.low[axis] + steps[axis] * place) as Real);
        }
        for index in cell.iter_mut().rev() {
            *index += 1;
            if *index < per_axis {
                break;
            }
            *index = 0;
        }
    }
    (nodes, steps.iter().product())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_samples_holds_them_with_the_margin() {
        let region = Region::around(&[0.0, 5.0, 4.0, 5.0, 2.0, 5.0], 2, 0.25);
        assert_eq!(region.low, [-1.0, 4.5]);
        assert_eq!(region.high, [5.0, 5.5]);
        assert_eq!(region.sides(), [6.0, 1.0]);
    }

    #[test]
    fn scaling_keeps_the_centre() {
        let region = Region { low: vec![1.0, -2.0], high: vec![3.0, 2.0] };
        let double = region.scaled(2.0);
        assert_eq!((double.low, double.high), (vec![0.0, -4.0], vec![4.0, 4.0]));
    }

    #[test]
    fn every_cell_holds_one_node() {
        let region = Region { low: vec![-1.0, 2.0], high: vec![1.0, 3.0] };
        let (nodes, volume) = jittered_nodes(&region, 8, Random::new(1));
        assert_eq!(nodes.len(), 128);
        assert!((volume - 2.0 / 64.0).abs() < 1e-15);
        for (flat, node) in nodes.chunks(2).enumerate() {
            let (x, y) = (f64::from(node[0]), f64::from(node[1]));
            assert_eq!(((x + 1.0) * 4.0).floor() as usize, flat / 8);
            assert_eq!(((y - 2.0) * 8.0).floor() as usize, flat % 8);
        }
    }

    #[test]
    fn the_sum_estimates_an_integral() {
        // The integral of x^2 over [0, 1] is 1/3. The deviation is h^2 * 2 / sqrt(12) * sqrt(sum of x^2) = 3.3e-4 for
        // h = 0.01; a hundred independent points would have 0.03.
        let region = Region { low: vec![0.0], high: vec![1.0] };
        let (nodes, volume) = jittered_nodes(&region, 100, Random::new(2));
        let sum: f64 = nodes.iter().map(|&x| f64::from(x).powi(2) * volume).sum();
        assert!((sum - 1.0 / 3.0).abs() < 2e-3, "{sum}");
    }
}
