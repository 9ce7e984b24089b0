#include "kernel.cuh"

// y_b = sum_k w_kb x_kb
KERNEL(weighted_sums, size_t count, size_t terms, const double *weights, const REAL *x, double *y) {
    FOR_EACH(b, count) {
        double sum = 0;
        for (size_t k = 0; k < terms; ++k) {
            sum += weights[k * count + b] * x[k * count + b];
        }
        y[b] = sum;
    }
}

// The residuals of the samples p and p + pairs, their difference, and its square's derivative in both slopes.
KERNEL(pair_residuals, size_t pairs, const double *places, const REAL *slopes, const double *squares, const double *sums,
       double *halves, double *derivatives, REAL *in_slopes) {
    const double *const units = places + 2 * pairs;
    FOR_EACH(p, pairs) {
        const size_t of[2] = {p, p + pairs};
        double residuals[2];
        for (int i = 0; i < 2; ++i) {
            const size_t b = of[i];
            residuals[i] = (slopes[b] - 0.5 * places[b] * (squares[b] + sums[b])) * units[b];
        }
        const double difference = residuals[0] - residuals[1];
        halves[p] = 0.5 * difference * difference;
        const double share = difference / static_cast<double>(pairs);
        for (int i = 0; i < 2; ++i) {
            const double derivative = (i == 0 ? share : -share) * units[of[i]];
            derivatives[of[i]] = derivative;
            in_slopes[of[i]] = static_cast<REAL>(derivative);
        }
    }
}

// y_0 = 1/n sum_i x_i
KERNEL(mean_of_doubles, size_t n, const double *x, double *y) {
    FOR_EACH_ROW(only, 1) {
        double sum = 0;
        FOR_EACH_COLUMN(i, n) {
            sum += x[i];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[0] = sum / static_cast<double>(n);
        }
    }
}

// y_kb = -g_b^2/2 derivative_b w_kb
KERNEL(in_sums, size_t count, size_t terms, const double *places, const double *derivatives, const double *weights, REAL *y) {
    FOR_EACH(i, terms * count) {
        const size_t b = i % count;
        y[i] = static_cast<REAL>(-0.5 * places[b] * derivatives[b] * weights[i]);
    }
}
