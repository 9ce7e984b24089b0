#include "kernel.cuh"

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
