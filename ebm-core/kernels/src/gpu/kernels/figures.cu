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

// With t = noise / s, row by row: losses = w (sum (g - t)^2, or without sum t^2) - o, errors = sum (s g - noise)^2, and
// directions = 2 w (g - t)
KERNEL(denoise, size_t rows, size_t columns, size_t whole, const double *terms, const REAL *gradient, const REAL *noise,
       double *losses, double *errors, REAL *directions) {
    FOR_EACH_ROW(row, rows) {
        const double scale = terms[row];
        const double weight = terms[rows + row];
        double square = 0;
        double error = 0;
        FOR_EACH_COLUMN(column, columns) {
            const size_t i = row * columns + column;
            const double g = gradient[i];
            const double n = noise[i];
            const double target = n / scale;
            directions[i] = static_cast<REAL>(2 * weight * (g - target));
            square += whole != 0 ? (g - target) * (g - target) : g * (g - 2 * target);
            error += (scale * g - n) * (scale * g - n);
        }
        square = block_sum(square);
        error = block_sum(error);
        if (THREAD == 0) {
            losses[row] = weight * square - terms[2 * rows + row];
            errors[row] = error;
        }
    }
}

// ln N(z; m, e^l) of rows [m, l], with l between two limits; and the slopes of its mean over the rows. Where l is beyond a limit,
// its slope is only passed on if it leads back.
KERNEL(log_density, size_t rows, size_t columns, double low, double high, const REAL *outputs, const REAL *z, double *values,
       REAL *slopes) {
    const double log_tau = 1.8378770664093454836;
    const double share = 1.0 / static_cast<double>(rows);
    FOR_EACH_ROW(row, rows) {
        double sum = 0;
        FOR_EACH_COLUMN(column, columns) {
            const size_t mean = row * 2 * columns + column;
            const double given = outputs[mean + columns];
            // What is not a number stays so.
            const double logarithm = given < low ? low : (given > high ? high : given);
            const double precision = exp(-logarithm);
            const double error = static_cast<double>(z[row * columns + column]) - outputs[mean];
            const double square = error * error * precision;
            sum += log_tau + logarithm + square;
            slopes[mean] = static_cast<REAL>(share * error * precision);
            const double slope = 0.5 * share * (square - 1);
            const bool leads_out = (given < logarithm && slope < 0) || (given > logarithm && slope > 0);
            slopes[mean + columns] = static_cast<REAL>(leads_out ? 0.0 : slope);
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            values[row] = -0.5 * sum;
        }
    }
}
