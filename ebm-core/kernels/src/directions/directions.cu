// Matrices that hold K rows of each of B samples, `[K B, C]`, row k B + b the k-th of sample b (see kernels/directions).
#include "kernel.cuh"

// y_bk = <u_kb, x_b>
KERNEL(project, size_t batch, size_t count, size_t width, const REAL *rows, const REAL *x, REAL *y) {
    FOR_EACH_ROW(row, count * batch) {
        const size_t k = row / batch, b = row % batch;
        REAL sum = 0;
        FOR_EACH_COLUMN(i, width) {
            sum += x[b * width + i] * rows[row * width + i];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[b * count + k] = sum;
        }
    }
}

// y_r = sum_k c_rk u_kb, where r belongs to sample b = r mod B.
KERNEL(weigh_rows, size_t batch, size_t count, size_t width, size_t sums, const REAL *rows, const REAL *coefficients, REAL *y) {
    FOR_EACH(e, sums * width) {
        const size_t r = e / width, i = e % width, b = r % batch;
        REAL sum = 0;
        for (size_t k = 0; k < count; ++k) {
            sum += coefficients[r * count + k] * rows[(k * batch + b) * width + i];
        }
        y[e] = sum;
    }
}

// |r|^2 / 2 of every row, and its derivative: the row.
KERNEL(half_squares, size_t rows, size_t width, const REAL *x, REAL *sizes, REAL *slopes) {
    FOR_EACH_ROW(r, rows) {
        REAL sum = 0;
        FOR_EACH_COLUMN(i, width) {
            const REAL v = x[r * width + i];
            sum += v * v;
            slopes[r * width + i] = v;
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            sizes[r] = static_cast<REAL>(0.5) * sum;
        }
    }
}

// The length of every row, and its derivative: a unit vector, or zero where the row is.
KERNEL(lengths, size_t rows, size_t width, const REAL *x, REAL *sizes, REAL *slopes) {
    FOR_EACH_ROW(r, rows) {
        REAL sum = 0;
        FOR_EACH_COLUMN(i, width) {
            const REAL v = x[r * width + i];
            sum += v * v;
        }
        const REAL length = sqrt(block_sum(sum));
        const REAL inverse = length > 0 ? 1 / length : 0;
        FOR_EACH_COLUMN(i, width) {
            slopes[r * width + i] = x[r * width + i] * inverse;
        }
        if (THREAD == 0) {
            sizes[r] = length;
        }
    }
}

// The p-norm of every row, and its derivative. Relative to the largest element, so that no power overflows.
KERNEL(p_norms, size_t rows, size_t width, REAL p, const REAL *x, REAL *sizes, REAL *slopes) {
    FOR_EACH_ROW(r, rows) {
        REAL largest = 0;
        FOR_EACH_COLUMN(i, width) {
            largest = fmax(largest, fabs(x[r * width + i]));
        }
        largest = block_max(largest);
        // Where all is zero but for what is no number, the sum is that.
        REAL sum = 0;
        FOR_EACH_COLUMN(i, width) {
            const REAL v = fabs(x[r * width + i]);
            sum += largest > 0 ? pow(v / largest, p) : v;
        }
        sum = block_sum(sum);
        const REAL size = largest > 0 ? largest * pow(sum, 1 / p) : sum;
        FOR_EACH_COLUMN(i, width) {
            const REAL v = x[r * width + i];
            slopes[r * width + i] = largest > 0 ? copysign(pow(fabs(v) / size, p - 1), v) : v;
        }
        if (THREAD == 0) {
            sizes[r] = size;
        }
    }
}

// The first of so many unit vectors is that of axis `first`.
KERNEL(axes, size_t batch, size_t width, size_t first, size_t count, REAL *y) {
    FOR_EACH(e, count * batch * width) {
        y[e] = e % width == first + e / width / batch ? 1 : 0;
    }
}
