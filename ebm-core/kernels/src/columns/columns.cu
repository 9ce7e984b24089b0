#include "kernel.cuh"

// y_rc = x_r,which(c)
KERNEL(choose_columns, size_t rows, size_t columns, size_t count, const size_t *which, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * count) {
        y[i] = x[i / count * columns + which[i % count]];
    }
}

// y_rc += x_r,which(c)
KERNEL(add_chosen_columns, size_t rows, size_t columns, size_t count, const size_t *which, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * count) {
        y[i] += x[i / count * columns + which[i % count]];
    }
}

// y_rc += sum of x_rs over the sources s of column c
KERNEL(
    add_to_chosen_columns, size_t rows, size_t columns, size_t count, const size_t *starts, const size_t *sources, const REAL *x, REAL *y
) {
    FOR_EACH(i, rows * columns) {
        const size_t column = i % columns;
        REAL sum = 0;
        for (size_t k = starts[column]; k < starts[column + 1]; ++k) {
            sum += x[i / columns * count + sources[k]];
        }
        y[i] += sum;
    }
}

// y_rc = [a_r, b_r]_from(c)
KERNEL(join_columns, size_t rows, size_t first, size_t second, const size_t *from, const REAL *a, const REAL *b, REAL *y) {
    FOR_EACH(i, rows * (first + second)) {
        const size_t row = i / (first + second);
        const size_t source = from[i % (first + second)];
        y[i] = source < first ? a[row * first + source] : b[row * second + source - first];
    }
}
