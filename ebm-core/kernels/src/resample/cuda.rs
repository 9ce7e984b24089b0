use super::Blocks;
use crate::gpu::{Argument, by_value};
use crate::prelude::*;

/// Blocks as kernels take them: height, width and channels of the coarse image, and the factor.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct RawBlocks([usize; 4]);

by_value!(RawBlocks);

impl Argument for Blocks {
    type Raw = RawBlocks;
    fn raw(&self) -> RawBlocks {
        RawBlocks([self.coarse.height, self.coarse.width, self.coarse.channels, self.factor])
    }
}

kernels! { "resample";
    fn spread_pixels(images: usize, blocks: Blocks, scale: Real, coarse: In[images * blocks.coarse.len()],
        fine: Out[images * blocks.fine_len()]) over Elements(images * blocks.fine_len());
    fn gather_pixels(images: usize, blocks: Blocks, scale: Real, fine: In[images * blocks.fine_len()],
        coarse: Out[images * blocks.coarse.len()]) over Elements(images * blocks.coarse.len());
}
