// Endings: activations whose derivatives are read off their values. Blocks of n elements as in activation.cu.
#include "activation.cuh"

// y = phi(x), t = phi'(x) s; x and y may be one array.
DEVICE void end_at(size_t n, size_t blocks, int form, REAL leak, size_t i, const REAL *x, REAL *y) {
    const REAL value = jet(form, leak, x[i]).value;
    const REAL slope = slope_at(form, leak, value);
    for (size_t block = 1; block < blocks; ++block) {
        y[block * n + i] = slope * x[block * n + i];
    }
    y[i] = value;
}

KERNEL(end, size_t n, size_t blocks, int form, REAL leak, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        end_at(n, blocks, form, leak, i, x, y);
    }
}

KERNEL(end_in_place, size_t n, size_t blocks, int form, REAL leak, REAL *y) {
    FOR_EACH(i, n) {
        end_at(n, blocks, form, leak, i, y, y);
    }
}

// What reaches element i of the values: gy phi' + sum_k gt_k phi'' s_k, where phi'' s of tanh is -2 y t.
DEVICE REAL pulled(size_t n, size_t blocks, int form, REAL slope, const REAL *g, const REAL *y, size_t i) {
    REAL sum = slope * g[i];
    if (form == TANH) {
        for (size_t block = 1; block < blocks; ++block) {
            sum -= 2 * g[block * n + i] * y[i] * y[block * n + i];
        }
    }
    return sum;
}

// gx += the cotangents before the ending, given those of y.
KERNEL(add_ended, size_t n, size_t blocks, int form, REAL leak, const REAL *g, const REAL *y, REAL *gx) {
    FOR_EACH(i, n) {
        const REAL slope = slope_at(form, leak, y[i]);
        gx[i] += pulled(n, blocks, form, slope, g, y, i);
        for (size_t block = 1; block < blocks; ++block) {
            gx[block * n + i] += slope * g[block * n + i];
        }
    }
}

// The cotangents before the ending in place of those of y.
KERNEL(pull_back_ending, size_t n, size_t blocks, int form, REAL leak, const REAL *y, REAL *g) {
    FOR_EACH(i, n) {
        const REAL slope = slope_at(form, leak, y[i]);
        const REAL sum = pulled(n, blocks, form, slope, g, y, i);
        for (size_t block = 1; block < blocks; ++block) {
            g[block * n + i] *= slope;
        }
        g[i] = sum;
    }
}
