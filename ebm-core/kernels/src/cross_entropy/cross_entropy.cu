// The loss of a classifier (see kernels/cross_entropy), in double precision as on the host.
#include "kernel.cuh"

// losses [rows] of logits [rows, classes], and the slopes of their mean. Classes are few: a thread has a row.
KERNEL(cross_entropy_rows, size_t rows, size_t classes, const REAL *logits, const size_t *labels, double *losses,
       REAL *slopes) {
    FOR_EACH(row, rows) {
        const REAL *x = logits + row * classes;
        const size_t label = labels[row];
        double largest = x[0];
        for (size_t k = 1; k < classes; ++k) {
            largest = fmax(largest, static_cast<double>(x[k]));
        }
        double sum = 0;
        for (size_t k = 0; k < classes; ++k) {
            sum += exp(x[k] - largest);
        }
        losses[row] = log(sum) - (x[label] - largest);
        for (size_t k = 0; k < classes; ++k) {
            const double hit = k == label ? 1 : 0;
            const double slope = (exp(x[k] - largest) / sum - hit) / static_cast<double>(rows);
            slopes[row * classes + k] = static_cast<REAL>(slope);
        }
    }
}

// mean_0 = 1 / rows sum_r losses_r
KERNEL(mean_loss, size_t rows, const double *losses, REAL *mean) {
    FOR_EACH_ROW(only, 1) {
        double sum = 0;
        FOR_EACH_COLUMN(row, rows) {
            sum += losses[row];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            mean[0] = static_cast<REAL>(sum / static_cast<double>(rows));
        }
    }
}
