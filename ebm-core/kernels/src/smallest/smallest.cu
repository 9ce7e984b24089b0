// The iteration for the smallest singular pair of each sample's Jacobian (see jacobian/iterative): a block a sample, which holds
// vectors `[B, d]` and their images under J^T J in double precision.
#include "small.cuh"

DEVICE double dot(size_t n, const double *a, const double *b) {
    double sum = 0;
    FOR_EACH_COLUMN(i, n) {
        sum += a[i] * b[i];
    }
    return block_sum(sum);
}

// Unit vectors along the start, or along the first axis where it is zero.
KERNEL(start_iteration, size_t batch, size_t d, const REAL *start, double *x, REAL *directions) {
    FOR_EACH_ROW(b, batch) {
        double square = 0;
        FOR_EACH_COLUMN(i, d) {
            square += static_cast<double>(start[b * d + i]) * start[b * d + i];
        }
        const double length = sqrt(block_sum(square));
        FOR_EACH_COLUMN(i, d) {
            const double along = i == 0 ? 1 : start[b * d + i];
            x[b * d + i] = length > 0 ? start[b * d + i] / length : along;
            directions[b * d + i] = static_cast<REAL>(x[b * d + i]);
        }
    }
}

// The images of the start, and their lengths.
KERNEL(first_images, size_t batch, size_t d, const REAL *images, double *ax, double *scale) {
    FOR_EACH_ROW(b, batch) {
        FOR_EACH_COLUMN(i, d) {
            ax[b * d + i] = images[b * d + i];
        }
        const double length = sqrt(dot(d, ax + b * d, ax + b * d));
        if (THREAD == 0) {
            scale[b] = length;
        }
    }
}

// Unit vectors w along the residuals A x - (x . A x) x, and whether they are small enough to be done.
KERNEL(next_directions, size_t batch, size_t d, double limit, const double *x, const double *ax, const double *scale, double *w,
       REAL *directions, uint32_t *done) {
    FOR_EACH_ROW(b, batch) {
        const double quotient = dot(d, x + b * d, ax + b * d);
        FOR_EACH_COLUMN(i, d) {
            w[b * d + i] = ax[b * d + i] - quotient * x[b * d + i];
        }
        const double length = sqrt(dot(d, w + b * d, w + b * d));
        if (THREAD == 0) {
            done[b] = length <= limit * scale[b] ? 1 : 0;
        }
        FOR_EACH_COLUMN(i, d) {
            const double along = i == 0 ? 1 : w[b * d + i];
            w[b * d + i] = length > 0 ? w[b * d + i] / length : along;
            directions[b * d + i] = static_cast<REAL>(w[b * d + i]);
        }
    }
}

// A vector and its image.
struct Image {
    double *v, *av;
};

// Makes a pair orthogonal to a basis, and one of it, unless it depends on what is there.
DEVICE void extend(size_t d, double noise, Image pair, Image *basis, size_t *count) {
    const double length = sqrt(dot(d, pair.v, pair.v));
    for (int again = 0; again < 2; ++again) {
        for (size_t u = 0; u < *count; ++u) {
            const double along = dot(d, basis[u].v, pair.v);
            FOR_EACH_COLUMN(i, d) {
                pair.v[i] -= along * basis[u].v[i];
                pair.av[i] -= along * basis[u].av[i];
            }
        }
    }
    const double left = sqrt(dot(d, pair.v, pair.v));
    if (left > noise * length && left < INFINITY) {
        FOR_EACH_COLUMN(i, d) {
            pair.v[i] /= left;
            pair.av[i] /= left;
        }
        basis[(*count)++] = pair;
    }
}

// Rayleigh and Ritz's best vector of the span of x, w and the step before, p, which is no part of a basis while it is zero. What is
// done stays.
KERNEL(take_step, size_t batch, size_t d, double noise, const REAL *images, const uint32_t *done, double *x, double *ax,
       double *w, double *aw, double *p, double *ap, double *scale) {
    FOR_EACH_ROW(b, batch) {
        const size_t at = b * d;
        if (done[b]) {
            FOR_EACH_COLUMN(i, d) {
                p[at + i] = 0;
                ap[at + i] = 0;
            }
            continue;
        }
        FOR_EACH_COLUMN(i, d) {
            aw[at + i] = images[at + i];
        }
        const double length_of_image = sqrt(dot(d, aw + at, aw + at));
        if (THREAD == 0) {
            scale[b] = fmax(scale[b], length_of_image);
        }
        Image basis[3] = {{x + at, ax + at}, {}, {}};
        size_t count = 1;
        extend(d, noise, {w + at, aw + at}, basis, &count);
        extend(d, noise, {p + at, ap + at}, basis, &count);
        // Every thread has the sums, and solves the small problem for itself.
        double quotients[9], vectors[9], turns[4];
        for (size_t i = 0; i < count; ++i) {
            for (size_t j = 0; j <= i; ++j) {
                const double mean = 0.5 * (dot(d, basis[i].v, basis[j].av) + dot(d, basis[j].v, basis[i].av));
                quotients[i * count + j] = mean;
                quotients[j * count + i] = mean;
            }
        }
        diagonalise<Alone>(count, quotients, vectors, turns);
        const size_t smallest = smallest_on_diagonal(count, quotients);
        // Of a vector and its opposite, the one that goes on from x.
        const double sign = vectors[smallest] < 0 ? -1 : 1;
        FOR_EACH_COLUMN(i, d) {
            // The conjugate direction is the step that was taken: the part of the new x outside the old one.
            double step = 0, step_image = 0;
            for (size_t k = 1; k < count; ++k) {
                step += sign * vectors[k * count + smallest] * basis[k].v[i];
                step_image += sign * vectors[k * count + smallest] * basis[k].av[i];
            }
            x[at + i] = sign * vectors[smallest] * x[at + i] + step;
            ax[at + i] = sign * vectors[smallest] * ax[at + i] + step_image;
            p[at + i] = step;
            ap[at + i] = step_image;
        }
        const double length = sqrt(dot(d, x + at, x + at));
        FOR_EACH_COLUMN(i, d) {
            x[at + i] /= length;
            ax[at + i] /= length;
        }
    }
}

// What was found: unit vectors, roots of the quotients, and residuals relative to `scale`.
KERNEL(end_iteration, size_t batch, size_t d, const double *x, const double *ax, const double *scale, REAL *vectors, double *values,
       double *residuals) {
    FOR_EACH_ROW(b, batch) {
        const double quotient = dot(d, x + b * d, ax + b * d);
        double square = 0;
        FOR_EACH_COLUMN(i, d) {
            const double left = ax[b * d + i] - quotient * x[b * d + i];
            square += left * left;
            vectors[b * d + i] = static_cast<REAL>(x[b * d + i]);
        }
        square = block_sum(square);
        if (THREAD == 0) {
            values[b] = sqrt(quotient < 0 ? 0 : quotient);
            residuals[b] = sqrt(square) / scale[b];
        }
    }
}
