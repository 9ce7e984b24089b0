// Functions of Jacobians (see jacobian): d columns of each of B samples, `[d B, D]`, row k B + b the k-th column of sample b.
#include "small.cuh"

// J^T J
KERNEL(gram, size_t batch, size_t d, size_t width, const REAL *columns, double *grams) {
    FOR_EACH_ROW(row, batch * d * d) {
        const size_t b = row / (d * d), k = row / d % d, l = row % d;
        if (l > k) {
            continue;
        }
        const REAL *const one = columns + (k * batch + b) * width, *const other = columns + (l * batch + b) * width;
        double sum = 0;
        FOR_EACH_COLUMN(i, width) {
            sum += static_cast<double>(one[i]) * other[i];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            grams[(b * d + k) * d + l] = sum;
            grams[(b * d + l) * d + k] = sum;
        }
    }
}

// 1/2 ln det and inverse of Gram matrices, which are used up.
KERNEL(half_log_det, size_t batch, size_t d, double *grams, double *inverses, REAL *values) {
    FOR_EACH_ROW(b, batch) {
        const double log_det = invert<Together, true>(d, grams + b * d * d, inverses + b * d * d);
        if (THREAD == 0) {
            values[b] = static_cast<REAL>(0.5 * log_det);
        }
    }
}

// 1/2 ln of the smallest eigenvalue of Gram matrices, which are used up, and v v^T / eigenvalue in their place.
KERNEL(log_smallest, size_t batch, size_t d, double *grams, double *vectors, double *turns, REAL *values) {
    FOR_EACH_ROW(b, batch) {
        double *const gram = grams + b * d * d, *const v = vectors + b * d * d;
        diagonalise<Together>(d, gram, v, turns + b * (d + 1));
        const size_t smallest = smallest_on_diagonal(d, gram);
        const double value = gram[smallest * d + smallest] < 0 ? 0 : gram[smallest * d + smallest];
        WAIT_FOR_BLOCK();
        FOR_EACH_COLUMN(e, d * d) {
            gram[e] = v[e / d * d + smallest] * v[e % d * d + smallest] / value;
        }
        if (THREAD == 0) {
            values[b] = static_cast<REAL>(0.5 * log(value));
        }
    }
}

// ln |det J| of square Jacobians, and J^-T laid out as they are. `work` and `inverses`: `[B, d, d]`.
KERNEL(log_abs_det, size_t batch, size_t d, const REAL *columns, double *work, double *inverses, REAL *values, REAL *slopes) {
    FOR_EACH_ROW(b, batch) {
        double *const jacobian = work + b * d * d, *const inverse = inverses + b * d * d;
        FOR_EACH_COLUMN(e, d * d) {
            jacobian[e] = columns[(e % d * batch + b) * d + e / d];
        }
        WAIT_FOR_BLOCK();
        const double log_det = invert<Together, false>(d, jacobian, inverse);
        FOR_EACH_COLUMN(e, d * d) {
            slopes[(e / d * batch + b) * d + e % d] = static_cast<REAL>(inverse[e]);
        }
        if (THREAD == 0) {
            values[b] = static_cast<REAL>(log_det);
        }
    }
}

// gradients += g_b J C
KERNEL(add_combined_columns, size_t batch, size_t d, size_t width, const double *coefficients, const REAL *g, const REAL *columns,
       REAL *gradients) {
    FOR_EACH(e, d * batch * width) {
        const size_t k = e / (batch * width), b = e / width % batch, i = e % width;
        REAL sum = 0;
        for (size_t l = 0; l < d; ++l) {
            const REAL weight = g[b] * static_cast<REAL>(coefficients[(b * d + l) * d + k]);
            sum += weight * columns[(l * batch + b) * width + i];
        }
        gradients[e] += sum;
    }
}

// gradients += g_b slopes
KERNEL(add_scaled_columns, size_t batch, size_t d, size_t width, const REAL *g, const REAL *slopes, REAL *gradients) {
    FOR_EACH(e, d * batch * width) {
        gradients[e] += g[e / width % batch] * slopes[e];
    }
}

// (J^T J)^-1 y
KERNEL(solve, size_t batch, size_t d, const double *inverses, const REAL *y, double *weights) {
    FOR_EACH(e, batch * d) {
        const double *const row = inverses + e * d;
        double sum = 0;
        for (size_t l = 0; l < d; ++l) {
            sum += row[l] * y[e / d * d + l];
        }
        weights[e] = sum;
    }
}

// J w
KERNEL(lift, size_t batch, size_t d, size_t width, const double *weights, const REAL *columns, REAL *y) {
    FOR_EACH(e, batch * width) {
        const size_t b = e / width, i = e % width;
        double sum = 0;
        for (size_t k = 0; k < d; ++k) {
            sum += weights[b * d + k] * columns[(k * batch + b) * width + i];
        }
        y[e] = static_cast<REAL>(sum);
    }
}
