#include "kernel.cuh"

// y += x
KERNEL(add_to, size_t n, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] += x[i];
    }
}

// y = a + b
KERNEL(add_up, size_t n, const REAL *a, const REAL *b, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = a[i] + b[i];
    }
}

// y = x
KERNEL(copy_to, size_t n, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = x[i];
    }
}

// y = scale x
KERNEL(scaled, size_t n, REAL scale, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = scale * x[i];
    }
}

// y = factor x
KERNEL(multiply, size_t n, const REAL *factor, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] = factor[0] * x[i];
    }
}

// y += factor x
KERNEL(add_multiple, size_t n, const REAL *factor, const REAL *x, REAL *y) {
    FOR_EACH(i, n) {
        y[i] += factor[0] * x[i];
    }
}

// y += scale value, one number for all
KERNEL(add_number, size_t n, REAL scale, const REAL *value, REAL *y) {
    const REAL by = scale * value[0];
    FOR_EACH(i, n) {
        y[i] += by;
    }
}
