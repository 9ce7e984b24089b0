// Blocks of n elements each: one of values, and below it one for every tangent. A thread has one element of every block.
#include "activation.cuh"

// y = phi(x), t = phi'(x) s. `learned` points to the slope of an activation that has one.
DEVICE void apply(
    size_t n, size_t blocks, int activation, const REAL *learned, size_t i, REAL value, const REAL *x, REAL *y
) {
    const Jet phi = jet(activation, slope_at(learned), value);
    y[i] = phi.value;
    for (size_t block = 1; block < blocks; ++block) {
        y[block * n + i] = phi.slope * x[block * n + i];
    }
}

KERNEL(activate, size_t n, size_t blocks, int activation, const REAL *learned, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        apply(n, blocks, activation, learned, i, x[i], x, y);
    }
}

// The same in place.
KERNEL(activate_in_place, size_t n, size_t blocks, int activation, const REAL *learned, REAL *y) {
    FOR_EACH(i, n) {
        apply(n, blocks, activation, learned, i, y[i], y, y);
    }
}

// The same for x + b with a number b a column, in place.
KERNEL(
    shift_and_activate, size_t n, size_t columns, size_t blocks, int activation, const REAL *learned, const REAL *bias, REAL *y
) {
    FOR_EACH(i, n) {
        apply(n, blocks, activation, learned, i, y[i] + bias[i % columns], y, y);
    }
}

// x += b with a number b a column.
KERNEL(shift, size_t n, size_t columns, const REAL *bias, REAL *x) {
    FOR_EACH(i, n) {
        x[i] += bias[i % columns];
    }
}

// What reaches element i of the values: gy phi' + sum_k gt_k phi'' s_k. The slope is left for the tangents.
DEVICE REAL pulled(size_t n, size_t blocks, const Jet &phi, const REAL *g, const REAL *x, size_t i) {
    REAL sum = g[i] * phi.slope;
    for (size_t block = 1; block < blocks; ++block) {
        sum += g[block * n + i] * phi.bend * x[block * n + i];
    }
    return sum;
}

// gx += the cotangents of x, given those of y.
KERNEL(
    add_vjp, size_t n, size_t blocks, int activation, const REAL *learned, const REAL *g, const REAL *x, REAL *gx
) {
    const REAL slope = slope_at(learned);
    FOR_EACH(i, n) {
        const Jet phi = jet(activation, slope, x[i]);
        gx[i] += pulled(n, blocks, phi, g, x, i);
        for (size_t block = 1; block < blocks; ++block) {
            gx[block * n + i] += phi.slope * g[block * n + i];
        }
    }
}

// The cotangents of x in place of those of y. Of a form whose second derivative is zero only the sign of x matters.
KERNEL(vjp, size_t n, size_t blocks, int activation, const REAL *learned, const REAL *x, REAL *g) {
    const REAL slope = slope_at(learned);
    FOR_EACH(i, n) {
        const Jet phi = jet(activation, slope, x[i]);
        const REAL sum = pulled(n, blocks, phi, g, x, i);
        for (size_t block = 1; block < blocks; ++block) {
            g[block * n + i] *= phi.slope;
        }
        g[i] = sum;
    }
}

// sums_p = sum of cotangent * (x or s) where x <= 0, over the p-th part of the elements and all blocks
KERNEL(slope_sums, size_t n, size_t blocks, size_t parts, const REAL *g, const REAL *x, double *sums) {
    const size_t length = (n + parts - 1) / parts;
    FOR_EACH_ROW(part, parts) {
        double sum = 0;
        for (size_t i = part * length + THREAD; i < n && i < (part + 1) * length; i += THREADS) {
            if (!(x[i] > 0)) {
                for (size_t block = 0; block < blocks; ++block) {
                    sum += static_cast<double>(g[block * n + i]) * x[block * n + i];
                }
            }
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            sums[part] = sum;
        }
    }
}
