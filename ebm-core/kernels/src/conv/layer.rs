//! The layers' arrays and options, and how each is computed.

use crate::device::PerSample;
use crate::epilogue::Epilogue;
use crate::image::Extent;

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
    /// The activation that follows.
    pub epilogue: Epilogue,
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

    /// A transposed convolution with the same arrays and options.
    pub fn transposed(&self, inputs: Extent, outputs: usize, output_padding: usize) -> ConvTranspose {
        ConvTranspose {
            weight: self.weight.clone(),
            bias: self.bias.clone(),
            inputs,
            outputs,
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            output_padding,
            epilogue: self.epilogue,
            trains: self.trains,
        }
    }

    pub(super) fn plan(&self) -> Plan {
        let Self { inputs, outputs, kernel, stride, padding, .. } = *self;
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
            window: Window { kernel, stride, padding, fine: inputs, coarse: (height, width) },
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
        let Self { inputs, kernel, stride, padding, output_padding, .. } = *self;
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
