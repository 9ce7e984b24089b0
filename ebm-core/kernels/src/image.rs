//! Images as rows of a batch: `[rows, height * width * channels]`, the channels of a pixel side by side.
//!
//! Decoded pictures lie in memory like this. The same buffer is a matrix `[rows * height * width, channels]`, so what works on
//! channels (a bias, batch-norm) and what works on rows (a dense layer) needs no copy in between.

use std::fmt;

/// The size of an image; of a plain vector with `height = width = 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels a row.
    pub width: usize,
    /// Values a pixel.
    pub channels: usize,
}

impl Extent {
    /// An image.
    pub fn new(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels }
    }

    /// A vector.
    pub fn vector(width: usize) -> Self {
        Self::new(1, 1, width)
    }

    /// Number of pixels.
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Number of values.
    pub fn len(self) -> usize {
        self.pixels() * self.channels
    }

    /// Whether there are no values.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pixels() {
            1 => write!(f, "{}", self.channels),
            _ => write!(f, "{}x{}x{}", self.height, self.width, self.channels),
        }
    }
}
