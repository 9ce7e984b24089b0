// Random Fourier features (see kernels/fourier).
#include "kernel.cuh"

// y [rows, columns + 2 count] of x [rows, columns] and angles [rows, count]: sines and cosines in the first `primal` rows, their
// rates of change below, where the angles are rates.
KERNEL(fourier_forward, size_t rows, size_t primal, size_t columns, size_t count, const REAL *x, const REAL *angles,
       REAL *y) {
    const size_t width = columns + 2 * count;
    FOR_EACH(i, rows * width) {
        const size_t row = i / width;
        const size_t column = i % width;
        if (column < columns) {
            y[i] = x[row * columns + column];
            continue;
        }
        const bool is_cosine = column >= columns + count;
        const size_t which = column - columns - (is_cosine ? count : 0);
        const REAL angle = angles[row % primal * count + which];
        if (row < primal) {
            y[i] = is_cosine ? cos(angle) : sin(angle);
        } else {
            y[i] = (is_cosine ? -sin(angle) : cos(angle)) * angles[row * count + which];
        }
    }
}

// Cotangents of the angles and of their rates, given those of y.
KERNEL(fourier_backward, size_t rows, size_t primal, size_t columns, size_t count, const REAL *angles, const REAL *g,
       REAL *of_angles) {
    const size_t width = columns + 2 * count;
    FOR_EACH(i, primal * count) {
        const size_t which = i % count;
        const REAL sine = sin(angles[i]);
        const REAL cosine = cos(angles[i]);
        REAL sum = 0;
        for (size_t row = i / count; row < rows; row += primal) {
            const REAL of_sine = g[row * width + columns + which];
            const REAL of_cosine = g[row * width + columns + count + which];
            const REAL along = of_sine * cosine - of_cosine * sine;
            if (row < primal) {
                sum += along;
            } else {
                of_angles[row * count + which] = along;
                sum -= (of_sine * sine + of_cosine * cosine) * angles[row * count + which];
            }
        }
        of_angles[i] = sum;
    }
}

// gx [rows, columns] += the first columns of g [rows, width]
KERNEL(add_first_columns, size_t rows, size_t columns, size_t width, const REAL *g, REAL *gx) {
    FOR_EACH(i, rows * columns) {
        gx[i] += g[i / columns * width + i % columns];
    }
}
