//! Axis-aligned boxes.

use serde::{Deserialize, Serialize};

use super::QuadratureError;
use crate::device::Real;

/// An axis-aligned box in data space.
///
/// ```
/// use ebm_core::quadrature::Region;
///
/// // Around (0, 0) and (2, 1), a tenth of each side wider on either side.
/// let region = Region::around(&[0.0, 0.0, 2.0, 1.0], 2, 0.1);
/// assert_eq!((region.low.clone(), region.high.clone()), (vec![-0.2, -0.1], vec![2.2, 1.1]));
/// assert!((region.volume() - 2.4 * 1.2).abs() < 1e-12);
/// assert!(region.contains(&[2.1, 0.0]) && !region.contains(&[2.3, 0.0]));
/// assert_eq!(Region::cube(1.0, 3).scaled(0.5), Region::cube(0.5, 3));
/// ```
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
        Self {
            low: vec![-half_side; width],
            high: vec![half_side; width],
        }
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

    /// Refuses a box that cannot be integrated over in `width` dimensions, and more than two dimensions.
    pub(super) fn check(&self, width: usize) -> Result<(), QuadratureError> {
        if !(1..=2).contains(&width) {
            return Err(QuadratureError::Dimensions { width });
        }
        let good = self.low.len() == width
            && self.high.len() == width
            && self.sides().iter().all(|side| side.is_finite() && *side > 0.0);
        if good {
            Ok(())
        } else {
            Err(QuadratureError::Region {
                low: self.low.clone(),
                high: self.high.clone(),
                width,
            })
        }
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
        let region = Region {
            low: vec![1.0, -2.0],
            high: vec![3.0, 2.0],
        };
        let double = region.scaled(2.0);
        assert_eq!((double.low, double.high), (vec![0.0, -4.0], vec![4.0, 4.0]));
    }

    #[test]
    fn boxes_that_cannot_be_integrated_over_are_refused() {
        let region = Region::cube(1.0, 2);
        assert_eq!(region.check(2), Ok(()));
        assert_eq!(
            Region::cube(1.0, 3).check(3),
            Err(QuadratureError::Dimensions { width: 3 })
        );
        for bad in [Region::cube(0.0, 2), Region::cube(f64::NAN, 2), Region::cube(1.0, 1)] {
            assert!(
                matches!(bad.check(2), Err(QuadratureError::Region { width: 2, .. })),
                "{bad:?}"
            );
        }
    }
}
