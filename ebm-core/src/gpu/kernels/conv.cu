// Patches of images under a sliding kernel (see kernels/conv/window.rs), and weights turned for the other direction.
//
// images [images, height, width, channels], patches [images, rows, columns, kernel, kernel, channels].
#include "kernel.cuh"

// patches = P(fine)
KERNEL(gather_patches, size_t images, size_t kernel, size_t stride, size_t padding, size_t height, size_t width,
       size_t channels, size_t rows, size_t columns, const REAL *fine, REAL *patches) {
    FOR_EACH(i, images * rows * columns * kernel * kernel * channels) {
        const size_t channel = i % channels;
        size_t rest = i / channels;
        const size_t across = rest % kernel;
        rest /= kernel;
        const size_t down = rest % kernel;
        rest /= kernel;
        const size_t column = rest % columns;
        rest /= columns;
        const size_t row = rest % rows;
        const size_t image = rest / rows;
        // Above the image and left of it these wrap around, which is outside as well.
        const size_t y = row * stride + down - padding;
        const size_t x = column * stride + across - padding;
        const bool inside = y < height && x < width;
        patches[i] = inside ? fine[((image * height + y) * width + x) * channels + channel] : 0;
    }
}

// fine += P^T(patches). A pixel fetches what the patches hold of it, so that no two threads add to one place.
KERNEL(scatter_patches, size_t images, size_t kernel, size_t stride, size_t padding, size_t height, size_t width,
       size_t channels, size_t rows, size_t columns, const REAL *patches, REAL *fine) {
    FOR_EACH(i, images * height * width * channels) {
        const size_t channel = i % channels;
        size_t rest = i / channels;
        const size_t x = rest % width + padding;
        rest /= width;
        const size_t y = rest % height + padding;
        const size_t image = rest / height;
        REAL sum = 0;
        // The places of the kernel that meet the pixel: row * stride + down = y. A row before the first wraps around.
        for (size_t down = y % stride, row = y / stride; down < kernel; down += stride, --row) {
            if (row >= rows) {
                continue;
            }
            for (size_t across = x % stride, column = x / stride; across < kernel; across += stride, --column) {
                if (column < columns) {
                    const size_t place = (image * rows + row) * columns + column;
                    sum += patches[((place * kernel + down) * kernel + across) * channels + channel];
                }
            }
        }
        fine[i] += sum;
    }
}

// Where weight i of a convolution, [fine, taps, channels], is among the oriented ones, [channels, taps, fine]: the taps are in
// reverse, and the channels exchanged.
DEVICE size_t mirrored(size_t i, size_t fine, size_t taps, size_t channels) {
    const size_t channel = i % channels;
    const size_t tap = i / channels % taps;
    const size_t other = i / channels / taps;
    return (channel * taps + taps - 1 - tap) * fine + other;
}

// The oriented weights.
KERNEL(mirror_weights, size_t fine, size_t taps, size_t channels, const REAL *weight, REAL *oriented) {
    FOR_EACH(i, fine * taps * channels) {
        oriented[mirrored(i, fine, taps, channels)] = weight[i];
    }
}

// weight += what is given for the oriented ones.
KERNEL(add_mirrored_weights, size_t fine, size_t taps, size_t channels, const REAL *oriented, REAL *weight) {
    FOR_EACH(i, fine * taps * channels) {
        weight[i] += oriented[mirrored(i, fine, taps, channels)];
    }
}
