//! The layers' arrays and options, and how each is computed.

use super::window::Window;
use crate::device::PerSample;
use crate::{Ending, Extent};

/// A product with fewer coarse channels than this would move patches rather than multiply.
const NARROW: usize = 16;

/// A convolution: `y[i, j, :] = phi( sum_{k, l} W[:, k, l, :] x[s i + k - p, s j + l - p, :] + b )`, zero outside the image.
#[derive(Clone)]
pub struct Conv {
    /// `[outputs, kernel, kernel, input channels]`, flat.
    pub weight: PerSample,
    /// `[outputs]`.
    pub bias: Option<PerSample>,
    /// Size of an input image.
    pub inputs: Extent,
    /// Output channels.
    pub outputs: usize,
    /// Width and height of the kernel.
    pub kernel: usize,
    /// Distance s between places of the kernel.
    pub stride: usize,
    /// Zeros p around the image, fewer than the kernel is wide.
    pub padding: usize,
    /// What follows.
    pub ending: Ending,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

/// A transposed convolution: `a[s i + k - p, s j + l - p, :] += x[i, j, :] W[:, k, l, :]`, then `y = phi(a + b)`.
#[derive(Clone)]
pub struct ConvTranspose {
    /// `[input channels, kernel, kernel, outputs]`, flat.
    pub weight: PerSample,
    /// `[outputs]`.
    pub bias: Option<PerSample>,
    /// Size of an input image.
    pub inputs: Extent,
    /// Output channels.
    pub outputs: usize,
    /// Width and height of the kernel.
    pub kernel: usize,
    /// Distance s between the places that pixels are spread to.
    pub stride: usize,
    /// Pixels p cut off at each side, fewer than the kernel is wide.
    pub padding: usize,
    /// Pixels added at the bottom and at the right, fewer than the stride: of the sizes that a convolution takes to one, the
    /// transpose must be told which to return to.
    pub output_padding: usize,
    /// What follows.
    pub ending: Ending,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

impl Conv {
    /// Pixels along an axis of `size` after a convolution; none if the kernel does not fit.
    pub fn size(size: usize, kernel: usize, stride: usize, padding: usize) -> Option<usize> {
        Some((size + 2 * padding).checked_sub(kernel)? / stride + 1)
    }

    pub(super) fn plan(&self) -> Plan {
        let Self {
            inputs,
            outputs,
            kernel,
            stride,
            padding,
            ..
        } = *self;
        assert!(padding < kernel && stride > 0, "a kernel beside the image");
        let size =
            |n| Self::size(n, kernel, stride, padding).unwrap_or_else(|| panic!("a kernel of {kernel} on {inputs}"));
        let (height, width) = (size(inputs.height), size(inputs.width));
        if stride == 1 && outputs < NARROW && outputs < inputs.channels {
            // With few output channels, patches of the output are much smaller than those of the input: spread each pixel
            // with the mirrored kernel instead.
            return Plan {
                window: Window {
                    kernel,
                    stride: 1,
                    padding: kernel - 1 - padding,
                    fine: Extent::new(height, width, outputs),
                    coarse: (inputs.height, inputs.width),
                },
                channels: inputs.channels,
                direction: Direction::Up,
                mirrored: true,
            };
        }
        Plan {
            window: Window {
                kernel,
                stride,
                padding,
                fine: inputs,
                coarse: (height, width),
            },
            channels: outputs,
            direction: Direction::Down,
            mirrored: false,
        }
    }
}

impl ConvTranspose {
    /// Pixels along an axis of `size` after a transposed convolution; none if the padding cuts off all of them.
    pub fn size(size: usize, kernel: usize, stride: usize, padding: usize, output_padding: usize) -> Option<usize> {
        let spread = size.checked_sub(1)? * stride + kernel + output_padding;
        spread.checked_sub(2 * padding).filter(|n| *n > 0)
    }

    pub(super) fn plan(&self) -> Plan {
        let Self {
            inputs,
            kernel,
            stride,
            padding,
            output_padding,
            ..
        } = *self;
        assert!(padding < kernel && output_padding < stride, "a kernel beside the image");
        let size = |n| {
            Self::size(n, kernel, stride, padding, output_padding)
                .unwrap_or_else(|| panic!("a kernel of {kernel} on {inputs}"))
        };
        Plan {
            window: Window {
                kernel,
                stride,
                padding,
                fine: Extent::new(size(inputs.height), size(inputs.width), self.outputs),
                coarse: (inputs.height, inputs.width),
            },
            channels: inputs.channels,
            direction: Direction::Up,
            mirrored: false,
        }
    }
}

/// Which way the images go.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    /// From the fine image to the coarse one.
    Down,
    /// From the coarse image to the fine one.
    Up,
}

/// How a layer is computed.
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
