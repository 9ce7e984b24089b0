//! Images: their shape, and how their grey levels and a model's values belong together.
//!
//! ```
//! use ebm_core::image::{level_of, value_at, value_of};
//!
//! // Black, white, and the middle between the grey levels 127 and 128.
//! assert_eq!((value_of(0), value_of(255), value_at(127.5)), (-1.0, 1.0, 0.0));
//! // 0.1 lies at 1.1 * 127.5 = 140.25; what is beyond white is white.
//! assert_eq!((level_of(0.1), level_of(3.0)), (140, 255));
//! ```

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::device::Real;

/// Half of the largest grey level: what [-1, 1] is stretched by.
const HALF: Real = 127.5;

/// Height, width and channels of an image.
///
/// As a sample of `D = height * width * channels` dimensions, an image is its values row by row from the top, each row from
/// the left, each pixel channel by channel: "HWC".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Values of a pixel: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
}

impl ImageShape {
    /// Number of values, `D`.
    pub fn values(&self) -> usize {
        self.height * self.width * self.channels
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} x {}", self.height, self.width, self.channels)
    }
}

/// The value of a grey level: 0..=255 to [-1, 1].
pub fn value_of(level: u8) -> Real {
    Real::from(level) / HALF - 1.0
}

/// The value of a place between grey levels, on the scale of [`value_of`].
pub fn value_at(place: Real) -> Real {
    place / HALF - 1.0
}

/// The grey level nearest to a value; 0 for what is no number.
pub fn level_of(value: Real) -> u8 {
    // The conversion saturates, and takes NaN to 0.
    ((value + 1.0) * HALF).round() as u8
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The images that models are trained on.
    Training,
    /// The images that training never sees.
    HeldOut,
}

/// Images with their classes, as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImages {
    /// The shape of each.
    pub shape: ImageShape,
    /// Grey levels, `[n, height, width, channels]` row-major.
    pub levels: Vec<u8>,
    /// The class of each, below the number of classes.
    pub labels: Vec<u32>,
    /// Names of the classes.
    pub classes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_comes_back_from_its_value() {
        for level in 0..=255 {
            assert_eq!(level_of(value_of(level)), level);
            // Anywhere in the width of the level.
            for place in [-0.49, 0.49] {
                assert_eq!(level_of(value_at(Real::from(level) + place)), level);
            }
        }
        assert_eq!((value_of(0), value_of(255)), (-1.0, 1.0));
    }

    #[test]
    fn values_outside_are_the_nearest_level() {
        assert_eq!([-7.0, 1.01, Real::INFINITY, Real::NAN].map(level_of), [0, 255, 255, 0]);
    }

    #[test]
    fn a_shape_says_how_many_values_it_has() {
        let shape = ImageShape { height: 28, width: 20, channels: 3 };
        assert_eq!((shape.values(), shape.to_string()), (1680, "28 x 20 x 3".into()));
    }
}
