#include "kernel.cuh"

// y_r = a_r x_(r mod m) + b_r v_(r mod k), with all a before all b
KERNEL(combine, size_t rows, size_t columns, size_t first, size_t second, const REAL *factors, const REAL *x, const REAL *v,
       REAL *y) {
    FOR_EACH(i, rows * columns) {
        const size_t row = i / columns;
        const size_t column = i % columns;
        const REAL own = factors[row] * x[row % first * columns + column];
        y[i] = own + factors[rows + row] * v[row % second * columns + column];
    }
}
