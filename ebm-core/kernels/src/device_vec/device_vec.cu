#include "kernel.cuh"

// y_r = sum_c x_rc^2
KERNEL(squared_norms, size_t rows, size_t columns, const REAL *x, double *y) {
    FOR_EACH_ROW(row, rows) {
        double sum = 0;
        FOR_EACH_COLUMN(column, columns) {
            const double value = x[row * columns + column];
            sum += value * value;
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[row] = sum;
        }
    }
}

// y = x
KERNEL(rounded, size_t n, const double *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = static_cast<REAL>(x[i]);
    }
}
