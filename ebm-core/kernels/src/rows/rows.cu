#include "kernel.cuh"

// y = [x; x; ...]
KERNEL(repeat, size_t n, size_t copies, const REAL *x, REAL *y) {
    FOR_EACH(i, copies * n) {
        y[i] = x[i % n];
    }
}

// y_i += sum_k x_ki
KERNEL(add_repeated, size_t n, size_t copies, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        REAL sum = 0;
        for (size_t copy = 0; copy < copies; ++copy) {
            sum += x[copy * n + i];
        }
        y[i] += sum;
    }
}

// y_r = x_which(r)
KERNEL(choose, size_t, size_t columns, size_t count, const size_t *which, const REAL *x, REAL *y) {
    FOR_EACH(i, count * columns) {
        y[i] = x[which[i / columns] * columns + i % columns];
    }
}

// y_r += sum of x_s over the sources s of row r
KERNEL(add_chosen, size_t rows, size_t columns, size_t, const size_t *starts, const size_t *sources, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * columns) {
        const size_t row = i / columns;
        REAL sum = 0;
        for (size_t k = starts[row]; k < starts[row + 1]; ++k) {
            sum += x[sources[k] * columns + i % columns];
        }
        y[i] += sum;
    }
}
