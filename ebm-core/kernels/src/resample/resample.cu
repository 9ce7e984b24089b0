#include "kernel.cuh"

// The coarse images and the factor, as `RawBlocks` in resample/cuda.rs.
struct Blocks {
    size_t height, width, channels, factor;
};

// fine [images, factor height, factor width, channels] += scale coarse [images, height, width, channels]
KERNEL(spread_pixels, size_t images, Blocks blocks, REAL scale, const REAL *coarse, REAL *fine) {
    const size_t height = blocks.height, width = blocks.width, channels = blocks.channels, factor = blocks.factor;
    FOR_EACH(i, images * height * width * factor * factor * channels) {
        const size_t channel = i % channels;
        size_t rest = i / channels;
        const size_t x = rest % (factor * width) / factor;
        // Rows of all images in one: an image's are a multiple of the factor.
        rest /= factor * width;
        fine[i] += scale * coarse[(rest / factor * width + x) * channels + channel];
    }
}

// coarse += scale the sum of each block of fine
KERNEL(gather_pixels, size_t images, Blocks blocks, REAL scale, const REAL *fine, REAL *coarse) {
    const size_t height = blocks.height, width = blocks.width, channels = blocks.channels, factor = blocks.factor;
    FOR_EACH(i, images * height * width * channels) {
        const size_t channel = i % channels;
        const size_t x = i / channels % width;
        const size_t row = i / channels / width;
        REAL sum = 0;
        for (size_t y = row * factor; y < (row + 1) * factor; ++y) {
            for (size_t across = 0; across < factor; ++across) {
                sum += fine[((y * width + x) * factor + across) * channels + channel];
            }
        }
        coarse[i] += scale * sum;
    }
}
