#include "kernel.cuh"

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
