#include "kernel.cuh"

// sums [images, channels] += the pixels of x [images, pixels, channels]
KERNEL(sum_pixels, size_t images, size_t pixels, size_t channels, const REAL *x, REAL *sums) {
    FOR_EACH(i, images * channels) {
        const size_t start = i / channels * pixels * channels + i % channels;
        REAL sum = 0;
        for (size_t pixel = 0; pixel < pixels; ++pixel) {
            sum += x[start + pixel * channels];
        }
        sums[i] += sum;
    }
}

// x [images, pixels, channels] += sums [images, channels], in every pixel
KERNEL(repeat_pixels, size_t images, size_t pixels, size_t channels, const REAL *sums, REAL *x) {
    FOR_EACH(i, images * pixels * channels) {
        x[i] += sums[i / channels / pixels * channels + i % channels];
    }
}
