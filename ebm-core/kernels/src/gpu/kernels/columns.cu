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

// sums_pc = sum of x_rc over the p-th part of the rows; neighbouring threads read neighbouring columns.
KERNEL(column_sums, size_t rows, size_t columns, size_t parts, const REAL *x, REAL *sums) {
    const size_t length = (rows + parts - 1) / parts;
    FOR_EACH_ROW(part, parts) {
        FOR_EACH_COLUMN(column, columns) {
            REAL sum = 0;
            for (size_t row = part * length; row < rows && row < (part + 1) * length; ++row) {
                sum += x[row * columns + column];
            }
            sums[part * columns + column] = sum;
        }
    }
}

// y_c += sum_p sums_pc
KERNEL(add_column_totals, size_t columns, size_t parts, const REAL *sums, REAL *y) {
    FOR_EACH(column, columns) {
        REAL sum = 0;
        for (size_t part = 0; part < parts; ++part) {
            sum += sums[part * columns + column];
        }
        y[column] += sum;
    }
}

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
    stretch_sums, size_t rows, size_t columns, size_t parts, const REAL *logarithms, const REAL *g, const REAL *x, REAL *sums
) {
    const size_t length = (rows + parts - 1) / parts;
    FOR_EACH_ROW(part, parts) {
        FOR_EACH_COLUMN(column, columns) {
            REAL sum = 0;
            for (size_t row = part * length; row < rows && row < (part + 1) * length; ++row) {
                sum += g[row * columns + column] * x[row * columns + column];
            }
            sums[part * columns + column] = exp(logarithms[column]) * sum;
        }
    }
}
