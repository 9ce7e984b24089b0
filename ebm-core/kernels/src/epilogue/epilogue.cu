// Epilogues, in blocks of n elements as in activation.cu.
#include "epilogue.cuh"

// y = phi(x + shift), t = phi'(x) s; x and y may be one array.
DEVICE void end_at(size_t n, size_t blocks, const Epilogue &epilogue, size_t i, REAL shift, const REAL *x, REAL *y) {
    const REAL value = value_of(epilogue, x[i] + shift);
    const REAL slope = slope_of(epilogue, value);
    for (size_t block = 1; block < blocks; ++block) {
        y[block * n + i] = slope * x[block * n + i];
    }
    y[i] = value;
}

KERNEL(end, size_t n, size_t blocks, Epilogue epilogue, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        end_at(n, blocks, epilogue, i, 0, x, y);
    }
}

KERNEL(shift_and_end, size_t n, size_t columns, size_t blocks, Epilogue epilogue, const REAL *bias, REAL *y) {
    FOR_EACH(i, n) {
        end_at(n, blocks, epilogue, i, columns == 0 ? 0 : bias[i % columns], y, y);
    }
}

// The cotangents before the epilogue in place of those of y: to the values gy phi' + sum_k gt_k phi'' s_k, where phi'' s of tanh
// is -2 y t.
KERNEL(vjp_of_epilogue, size_t n, size_t blocks, Epilogue epilogue, const REAL *y, REAL *g) {
    FOR_EACH(i, n) {
        const REAL slope = slope_of(epilogue, y[i]);
        REAL sum = slope * g[i];
        for (size_t block = 1; block < blocks; ++block) {
            if (epilogue.number == TANH) {
                sum -= 2 * g[block * n + i] * y[i] * y[block * n + i];
            }
            g[block * n + i] *= slope;
        }
        g[i] = sum;
    }
}
