//! Axis-aligned boxes.

use serde::{Deserialize, Serialize};

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::random::Random;

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
        let (low, high) = (0..width)
            .map(|axis| {
                let column = samples.iter().skip(axis).step_by(width);
                let (low, high) = column.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
                    let v = f64::from(v);
                    (low.min(v), high.max(v))
                });
                let wider = if high > low { margin * (high - low) } else { 0.5 };
                (low - wider, high + wider)
            })
            .unzip();
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

    /// Product of the sides.
    pub fn volume(&self) -> f64 {
        self.sides().iter().product()
    }

    /// The box with the same centre and sides `factor` times as long.
    pub fn scaled(&self, factor: f64) -> Self {
        let (low, high) = self
            .low
            .iter()
            .zip(&self.high)
            .map(|(low, high)| {
                let (centre, half) = (0.5 * (low + high), 0.5 * factor * (high - low));
                (centre - half, centre + half)
            })
            .unzip();
        Self { low, high }
    }

    /// Whether a point lies in the box, borders included.
    pub fn contains(&self, point: &[f64]) -> bool {
        let sides = self.low.iter().zip(&self.high);
        point.len() == self.width() && point.iter().zip(sides).all(|(v, (low, high))| low <= v && v <= high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_samples_holds_them_with_the_margin() {
        let region = Region::around(&[0.0, 5.0, 4.0, 5.0, 2.0, 5.0], 2, 0.25);
        assert_eq!(region.low, [-1.0, 4.5]);
        assert_eq!(region.high, [5.0, 5.5]);
        assert_eq!(region.volume(), 6.0);
    }

    #[test]
    fn scaling_keeps_the_centre() {
        let region = Region { low: vec![1.0, -2.0], high: vec![3.0, 2.0] };
        let double = region.scaled(2.0);
        assert_eq!((double.low, double.high), (vec![0.0, -4.0], vec![4.0, 4.0]));
    }
}
