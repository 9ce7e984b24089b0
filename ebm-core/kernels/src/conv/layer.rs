//! The layers' arrays and options, and how each is computed.

use crate::prelude::*;

/// A product with fewer coarse channels than this would move patches rather than multiply.
const NARROW: usize = 16;

/// A convolution: `y[i, j, :] = phi( sum_{k, l} W[:, k, l, :] x[s i + k - p, s j + l - p, :] + b )`, zero outside the image. Or a
/// transposed one: `a[s i + k - p, s j + l - p, :] += x[i, j, :] W[:, k, l, :]`, then `y = phi(a + b)`.
#[derive(Clone)]
pub struct Conv {
    /// `[outputs, kernel, kernel, input channels]`, flat; of a transposed one `[input channels, kernel, kernel, outputs]`.
    pub weight: PerSample,
    /// `[outputs]`.
    pub bias: Option<PerSample>,
    /// Size of an input image.
    pub inputs: Extent,
    /// Output channels.
    pub outputs: usize,
    /// Width and height of the kernel.
    pub kernel: usize,
    /// Distance s between places of the kernel; of a transposed one, between those that pixels are spread to.
    pub stride: usize,
    /// Zeros p around the image, of a transposed one pixels cut off at each side; fewer than the kernel is wide.
    pub padding: usize,
    /// The activation that follows.
    pub epilogue: Epilogue,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

impl Conv {
    /// Pixels along an axis of `size` after a convolution; none if the kernel does not fit.
    pub fn size(size: usize, kernel: usize, stride: usize, padding: usize) -> Option<usize> {
        Some((size + 2 * padding).checked_sub(kernel)? / stride + 1)
    }

    /// Pixels along an axis of `size` after a transposed convolution; none if the padding cuts off all of them.
    pub fn transposed_size(size: usize, kernel: usize, stride: usize, padding: usize, added: usize) -> Option<usize> {
        let spread = size.checked_sub(1)? * stride + kernel + added;
        spread.checked_sub(2 * padding).filter(|n| *n > 0)
    }

    /// How the convolution is computed.
    pub(super) fn plan(&self) -> Plan {
        let Self { inputs, outputs, kernel, stride, padding, .. } = *self;
        assert!(padding < kernel && stride > 0, "a kernel beside the image");
        let (height, width) = self.sizes(|n| Self::size(n, kernel, stride, padding));
        if stride == 1 && outputs < NARROW && outputs < inputs.channels {
            // With few output channels, patches of the output are much smaller than those of the input: spread each pixel
            // with the mirrored kernel instead.
            let (fine, coarse) = (Extent::new(height, width, outputs), (inputs.height, inputs.width));
            let window = Window { kernel, stride: 1, padding: kernel - 1 - padding, fine, coarse };
            return Plan { window, channels: inputs.channels, direction: Direction::Up, mirrored: true };
        }
        let window = Window { kernel, stride, padding, fine: inputs, coarse: (height, width) };
        Plan { window, channels: outputs, direction: Direction::Down, mirrored: false }
    }

    /// How the transposed convolution is computed.
    pub(super) fn transposed_plan(&self, added: usize) -> Plan {
        let Self { inputs, outputs, kernel, stride, padding, .. } = *self;
        assert!(padding < kernel && added < stride, "a kernel beside the image");
        let (height, width) = self.sizes(|n| Self::transposed_size(n, kernel, stride, padding, added));
        let (fine, coarse) = (Extent::new(height, width, outputs), (inputs.height, inputs.width));
        let window = Window { kernel, stride, padding, fine, coarse };
        Plan { window, channels: inputs.channels, direction: Direction::Up, mirrored: false }
    }

    fn sizes(&self, size: impl Fn(usize) -> Option<usize>) -> (usize, usize) {
        let size = |n| size(n).unwrap_or_else(|| panic!("a kernel of {} on {}", self.kernel, self.inputs));
        (size(self.inputs.height), size(self.inputs.width))
    }
}

/// The direction in which images go.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    /// From the fine image to the coarse one.
    Down,
    /// From the coarse image to the fine one.
    Up,
}

/// The computation of a layer.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub window: Window,
    /// Channels of the coarse image.
    pub channels: usize,
    pub direction: Direction,
    /// The weights are those of a convolution, `[fine channels, kernel, kernel, channels]`: with the taps in reverse and the
    /// channels exchanged they do the same in the other direction.
    pub mirrored: bool,
}

impl Plan {
    /// Values of a coarse image.
    pub fn coarse_len(&self) -> usize {
        self.window.places() * self.channels
    }

    fn coarse(&self) -> Extent {
        Extent::new(self.window.coarse.0, self.window.coarse.1, self.channels)
    }

    pub fn inputs(&self) -> Extent {
        match self.direction {
            Direction::Down => self.window.fine,
            Direction::Up => self.coarse(),
        }
    }

    pub fn outputs(&self) -> Extent {
        match self.direction {
            Direction::Down => self.coarse(),
            Direction::Up => self.window.fine,
        }
    }
}

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
