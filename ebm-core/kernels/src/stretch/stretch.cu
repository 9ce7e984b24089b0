#include "kernel.cuh"

// y_rc = e^(l_c) x_rc
KERNEL(stretch, size_t rows, size_t columns, const REAL *logarithms, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * columns) {
        y[i] = exp(logarithms[i % columns]) * x[i];
    }
}

// y_rc += e^(l_c) x_rc
KERNEL(add_stretched, size_t rows, size_t columns, const REAL *logarithms, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * columns) {
        y[i] += exp(logarithms[i % columns]) * x[i];
    }
}

// sums_pc = sum of e^(l_c) g_rc x_rc over the p-th part of the rows
KERNEL(
    stretch_sums, size_t rows, size_t columns, size_t parts, const REAL *logarithms, const REAL *g, const REAL *x, double *sums
) {
    const size_t length = (rows + parts - 1) / parts;
    FOR_EACH_ROW(part, parts) {
        FOR_EACH_COLUMN(column, columns) {
            double sum = 0;
            for (size_t row = part * length; row < rows && row < (part + 1) * length; ++row) {
                sum += static_cast<double>(g[row * columns + column]) * x[row * columns + column];
            }
            sums[part * columns + column] = exp(logarithms[column]) * sum;
        }
    }
}
