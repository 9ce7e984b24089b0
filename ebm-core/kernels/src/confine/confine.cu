#include "kernel.cuh"

// out_i = y_i + kappa/2 ||x_i||^2 for the first `primal` rows; y_i + kappa <x_i, x_(i mod primal)> for tangents.
KERNEL(confine, size_t rows, size_t columns, size_t primal, REAL kappa, const REAL *y, const REAL *x, REAL *out) {
    FOR_EACH_ROW(row, rows) {
        const REAL *of_sample = x + row % primal * columns;
        REAL dot = 0;
        FOR_EACH_COLUMN(column, columns) {
            dot += x[row * columns + column] * of_sample[column];
        }
        dot = block_sum(dot);
        if (THREAD == 0) {
            const REAL weight = row < primal ? kappa / 2 : kappa;
            out[row] = y[row] + weight * dot;
        }
    }
}

// gx += the cotangents of x. A thread has one column of a sample and of all its tangents.
KERNEL(add_confined, size_t primal, size_t columns, size_t blocks, REAL kappa, const REAL *g, const REAL *x, REAL *gx) {
    FOR_EACH(i, primal * columns) {
        const size_t sample = i / columns;
        REAL sum = g[sample] * x[i];
        for (size_t block = 1; block < blocks; ++block) {
            const size_t at = block * primal * columns + i;
            const REAL weight = g[block * primal + sample];
            sum += weight * x[at];
            gx[at] += kappa * weight * x[i];
        }
        gx[i] += kappa * sum;
    }
}
