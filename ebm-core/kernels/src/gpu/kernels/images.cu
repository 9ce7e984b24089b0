// Maps of images that repeat or add up pixels: kernels/resample, sum_pool and channel_shift.
#include "kernel.cuh"

// fine [images, factor height, factor width, channels] += scale coarse [images, height, width, channels]
KERNEL(spread_pixels, size_t images, size_t height, size_t width, size_t channels, size_t factor, REAL scale,
       const REAL *coarse, REAL *fine) {
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
KERNEL(gather_pixels, size_t images, size_t height, size_t width, size_t channels, size_t factor, REAL scale,
       const REAL *fine, REAL *coarse) {
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

// y [images, pixels, channels] = x, plus shifts [count, channels] in the first `reached` images: a row for each of them or, with
// count = 1, one for all.
KERNEL(shift_pixels, size_t images, size_t reached, size_t pixels, size_t channels, size_t count, const REAL *shifts,
       const REAL *x, REAL *y) {
    FOR_EACH(i, images * pixels * channels) {
        const size_t image = i / channels / pixels;
        const size_t row = count == 1 ? 0 : image;
        y[i] = image < reached ? x[i] + shifts[row * channels + i % channels] : x[i];
    }
}
