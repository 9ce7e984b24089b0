#include "kernel.cuh"

// The sum of part `part` of `parts` of n values of f, in double precision: sums of batches are what gets logged and compared.
template <typename F>
DEVICE double part_sum(size_t n, size_t part, size_t parts, F f) {
    const size_t length = (n + parts - 1) / parts;
    const size_t start = part * length;
    const size_t end = start + length < n ? start + length : n;
    double sum = 0;
    for (size_t i = start + THREAD; i < end; i += THREADS) {
        sum += static_cast<double>(f(i));
    }
    return block_sum(sum);
}

// y_0 = scale sum_i x_i
KERNEL(scaled_sum, size_t n, double scale, const REAL *x, REAL *y) {
    FOR_EACH_ROW(only, 1) {
        const double sum = part_sum(n, 0, 1, [=](size_t i) { return x[i]; });
        if (THREAD == 0) {
            y[0] = static_cast<REAL>(scale * sum);
        }
    }
}

// sums_p = sum over part p of a_i b_i
KERNEL(part_products, size_t n, size_t parts, const REAL *a, const REAL *b, double *sums) {
    FOR_EACH_ROW(part, parts) {
        const double sum = part_sum(n, part, parts, [=](size_t i) { return static_cast<double>(a[i]) * b[i]; });
        if (THREAD == 0) {
            sums[part] = sum;
        }
    }
}

// y_0 += sum_p sums_p
KERNEL(add_total, size_t parts, const double *sums, REAL *y) {
    FOR_EACH_ROW(only, 1) {
        const double sum = part_sum(parts, 0, 1, [=](size_t i) { return sums[i]; });
        if (THREAD == 0) {
            y[0] += static_cast<REAL>(sum);
        }
    }
}

// y_r = sum_c a_rc b_rc
KERNEL(row_dot, size_t rows, size_t columns, const REAL *a, const REAL *b, REAL *y) {
    FOR_EACH_ROW(row, rows) {
        REAL sum = 0;
        FOR_EACH_COLUMN(column, columns) {
            sum += a[row * columns + column] * b[row * columns + column];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[row] = sum;
        }
    }
}

// y_rc += factors_r x_rc
KERNEL(add_scaled_rows, size_t rows, size_t columns, const REAL *factors, const REAL *x, REAL *y) {
    FOR_EACH(i, rows * columns) {
        y[i] += factors[i / columns] * x[i];
    }
}
