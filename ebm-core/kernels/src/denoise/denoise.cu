#include "kernel.cuh"

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
