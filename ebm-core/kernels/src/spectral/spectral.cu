// Spectral normalisation (see kernels/spectral): unit vectors, and weights divided by their largest singular value.
#include "kernel.cuh"

// v /= |v|
KERNEL(make_unit, size_t n, REAL smallest, REAL *v) {
    FOR_EACH_ROW(only, 1) {
        double square = 0;
        FOR_EACH_COLUMN(i, n) {
            square += static_cast<double>(v[i]) * v[i];
        }
        const REAL norm = fmax(static_cast<REAL>(sqrt(block_sum(square))), smallest);
        FOR_EACH_COLUMN(i, n) {
            v[i] /= norm;
        }
    }
}

// y = w / max(norm, smallest)
KERNEL(divide_by_norm, size_t n, REAL smallest, const REAL *norm, const REAL *w, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = w[i] / fmax(norm[0], smallest);
    }
}

// gw += (g - <g, y> u v^T) / max(norm, smallest), where `along` is <g, y>.
KERNEL(divide_by_norm_backward, size_t rows, size_t columns, REAL smallest, const REAL *norm, const REAL *along,
       const REAL *left, const REAL *right, const REAL *g, REAL *gw) {
    FOR_EACH(i, rows * columns) {
        const REAL across = along[0] * left[i / columns] * right[i % columns];
        gw[i] += (g[i] - across) / fmax(norm[0], smallest);
    }
}
