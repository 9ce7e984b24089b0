#include "kernel.cuh"

// ln N(z; m, e^l) of rows [m, l], with l kept between two limits, which it comes exponentially near; and the slopes of its mean over
// the rows.
KERNEL(log_density, size_t rows, size_t columns, double low, double high, const REAL *outputs, const REAL *z, double *values,
       REAL *slopes) {
    const double log_tau = 1.8378770664093454836;
    const double share = 1.0 / static_cast<double>(rows);
    const double quarter = 0.25 * (high - low);
    const double near = quarter < 1.0 ? quarter : 1.0;
    FOR_EACH_ROW(row, rows) {
        double sum = 0;
        FOR_EACH_COLUMN(column, columns) {
            const size_t mean = row * 2 * columns + column;
            const double given = outputs[mean + columns];
            // What is not a number stays so.
            double logarithm = given;
            double turn = 1;
            if (given > high - near) {
                turn = exp((high - near - given) / near);
                logarithm = high - near * turn;
            } else if (given < low + near) {
                turn = exp((given - low - near) / near);
                logarithm = low + near * turn;
            }
            const double precision = exp(-logarithm);
            const double error = static_cast<double>(z[row * columns + column]) - outputs[mean];
            const double square = error * error * precision;
            sum += log_tau + logarithm + square;
            slopes[mean] = static_cast<REAL>(share * error * precision);
            slopes[mean + columns] = static_cast<REAL>(0.5 * share * (square - 1) * turn);
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            values[row] = -0.5 * sum;
        }
    }
}
