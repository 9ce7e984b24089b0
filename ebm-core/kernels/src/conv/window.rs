//! Which values of an image a sliding kernel meets.

use crate::image::Extent;

/// A kernel sliding over a fine image, one place for each pixel of a coarse one.
///
/// `P`, the map from a fine image to its patches `[coarse pixels, kernel * kernel * channels]`, and its transpose are all that
/// a convolution and its transpose need beside matrix products. A patch is `kernel` runs of `kernel * channels` values that
/// lie side by side in the image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    /// The image that the kernel slides over.
    pub fine: Extent,
    /// Height and width of the other one.
    pub coarse: (usize, usize),
}

impl Window {
    /// Values of a patch.
    pub fn patch(&self) -> usize {
        self.kernel * self.kernel * self.fine.channels
    }

    /// Places of the kernel in an image.
    pub fn places(&self) -> usize {
        self.coarse.0 * self.coarse.1
    }
}
