#include "kernel.cuh"

// Centre `which` of a row: its own, or one of the bank.
DEVICE const REAL *centre(size_t row, size_t which, size_t columns, const REAL *own, const REAL *bank) {
    return which == 0 ? own + row * columns : bank + (which - 1) * columns;
}

// For x_r and its centres g_k, own first: ln mean_k N(x; g_k, s^2), the weights of the kernels in the sum, and the mean of
// |x - g_k|^2 / s^2 by these weights.
KERNEL(kernel_sums, size_t rows, size_t columns, size_t count, const REAL *sigma, const REAL *x, const REAL *own,
       const REAL *bank, REAL *values, REAL *squares, REAL *weights) {
    const double log_tau = 1.8378770664093454836;
    const double s = sigma[0];
    FOR_EACH_ROW(row, rows) {
        REAL *const mine = weights + row * (1 + count);
        // A thread reads again only what it wrote.
        double nearest = INFINITY;
        FOR_EACH_COLUMN(k, 1 + count) {
            const REAL *const g = centre(row, k, columns, own, bank);
            REAL square = 0;
            for (size_t c = 0; c < columns; ++c) {
                const REAL gap = x[row * columns + c] - g[c];
                square += gap * gap;
            }
            mine[k] = square;
            nearest = fmin(nearest, static_cast<double>(square));
        }
        nearest = -block_max(-nearest);
        double sum = 0;
        double weighted = 0;
        FOR_EACH_COLUMN(k, 1 + count) {
            const double square = mine[k];
            const double weight = exp((nearest - square) / (2 * s * s));
            sum += weight;
            // What is infinitely far away has no part, and no product with its distance.
            weighted += weight > 0 ? weight * square : 0;
            mine[k] = static_cast<REAL>(weight);
        }
        sum = block_sum(sum);
        weighted = block_sum(weighted);
        FOR_EACH_COLUMN(k, 1 + count) {
            mine[k] = static_cast<REAL>(mine[k] / sum);
        }
        if (THREAD == 0) {
            const double constant = 0.5 * static_cast<double>(columns) * (log_tau + log(s * s));
            const double mean = sum / static_cast<double>(1 + count);
            values[row] = static_cast<REAL>(log(mean) - nearest / (2 * s * s) - constant);
            squares[row] = static_cast<REAL>(weighted / sum / (s * s));
        }
    }
}

// gx_r += g_r sum_k w_rk (g_k - x_r) / s^2
KERNEL(add_in_x, size_t rows, size_t columns, size_t count, const REAL *sigma, const REAL *g, const REAL *weights,
       const REAL *x, const REAL *own, const REAL *bank, REAL *gx) {
    FOR_EACH(i, rows * columns) {
        const size_t row = i / columns;
        const REAL *const mine = weights + row * (1 + count);
        REAL sum = 0;
        for (size_t k = 0; k < 1 + count; ++k) {
            sum += mine[k] * (centre(row, k, columns, own, bank)[i % columns] - x[i]);
        }
        gx[i] += g[row] * sum / (sigma[0] * sigma[0]);
    }
}

// gown_r += g_r w_r0 (x_r - own_r) / s^2
KERNEL(add_in_own, size_t rows, size_t columns, size_t count, const REAL *sigma, const REAL *g, const REAL *weights,
       const REAL *x, const REAL *own, REAL *gown) {
    FOR_EACH(i, rows * columns) {
        const size_t row = i / columns;
        gown[i] += g[row] * weights[row * (1 + count)] * (x[i] - own[i]) / (sigma[0] * sigma[0]);
    }
}

// gbank_k += sum_r g_r w_rk (x_r - bank_k) / s^2
KERNEL(add_in_bank, size_t rows, size_t columns, size_t count, const REAL *sigma, const REAL *g, const REAL *weights,
       const REAL *x, const REAL *bank, REAL *gbank) {
    FOR_EACH(i, count * columns) {
        const size_t k = i / columns;
        REAL sum = 0;
        for (size_t row = 0; row < rows; ++row) {
            sum += g[row] * weights[row * (1 + count) + 1 + k] * (x[row * columns + i % columns] - bank[i]);
        }
        gbank[i] += sum / (sigma[0] * sigma[0]);
    }
}

// gsigma += sum_r g_r (squares_r - columns) / s
KERNEL(add_in_sigma, size_t rows, size_t columns, const REAL *sigma, const REAL *g, const REAL *squares, REAL *gsigma) {
    FOR_EACH_ROW(only, 1) {
        double sum = 0;
        FOR_EACH_COLUMN(row, rows) {
            sum += static_cast<double>(g[row]) * (static_cast<double>(squares[row]) - static_cast<double>(columns));
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            gsigma[0] += static_cast<REAL>(sum / sigma[0]);
        }
    }
}
