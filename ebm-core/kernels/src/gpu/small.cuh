// Small dense matrices in double precision, row-major.
//
// A function is for a team: a block, whose threads all take part, or a thread by itself. What it is given must be there for the
// whole team to read, and so is what it leaves.
#pragma once

#include "kernel.cuh"

// The threads of a block.
struct Together {
    DEVICE size_t first() {
        return THREAD;
    }
    DEVICE size_t step() {
        return THREADS;
    }
    DEVICE void wait() {
        WAIT_FOR_BLOCK();
    }
    DEVICE double sum(double value) {
        return block_sum(value);
    }
};

// One thread, with arrays of its own.
struct Alone {
    DEVICE size_t first() {
        return 0;
    }
    DEVICE size_t step() {
        return 1;
    }
    DEVICE void wait() {
    }
    DEVICE double sum(double value) {
        return value;
    }
};

#define FOR_EACH_OF_TEAM(i, n) for (size_t i = Team::first(); i < (n); i += Team::step())

// ln |det a| of a `[d, d]`, which is used up, and its inverse, by Gauss and Jordan's elimination: with the largest pivot of a
// column, or, for symmetric matrices that are to be positive definite, with what stands on the diagonal. Minus infinity where a
// pivot is zero (or, on the diagonal, below), with an inverse of NaNs.
template <typename Team, bool SYMMETRIC>
DEVICE double invert(size_t d, double *a, double *inverse) {
    FOR_EACH_OF_TEAM(i, d * d) {
        inverse[i] = i / d == i % d ? 1 : 0;
    }
    Team::wait();
    double log_det = 0;
    for (size_t j = 0; j < d; ++j) {
        size_t largest = j;
        for (size_t i = j + 1; !SYMMETRIC && i < d; ++i) {
            if (fabs(a[i * d + j]) > fabs(a[largest * d + j])) {
                largest = i;
            }
        }
        const double pivot = a[largest * d + j];
        if (SYMMETRIC ? !(pivot > 0) : !(fabs(pivot) > 0)) {
            FOR_EACH_OF_TEAM(i, d * d) {
                inverse[i] = NAN;
            }
            Team::wait();
            return pivot <= 0 ? -INFINITY : NAN;
        }
        log_det += log(fabs(pivot));
        // All have seen the pivot before rows change places.
        Team::wait();
        FOR_EACH_OF_TEAM(k, d) {
            double *const columns[2] = {a + k, inverse + k};
            for (int which = k > j ? 0 : 1; which < 2; ++which) {
                double *const column = columns[which];
                const double upper = column[j * d];
                column[j * d] = column[largest * d] / pivot;
                if (largest != j) {
                    column[largest * d] = upper;
                }
            }
            // The column of the pivot changes places, too: its other elements say by how much rows are to be reduced.
            if (k == j && largest != j) {
                a[largest * d + j] = a[j * d + j];
            }
        }
        Team::wait();
        FOR_EACH_OF_TEAM(e, d * d) {
            const size_t i = e / d, k = e % d;
            if (i != j) {
                const double factor = a[i * d + j];
                if (k > j) {
                    a[e] -= factor * a[j * d + k];
                }
                inverse[e] -= factor * inverse[j * d + k];
            }
        }
        Team::wait();
    }
    return log_det;
}

// The i-th of the pairs that meet in a round, when m players (an even number) all meet each other in m - 1 rounds.
DEVICE void meeting(size_t m, size_t round, size_t i, size_t *p, size_t *q) {
    const size_t ring = m - 1;
    const size_t one = i == 0 ? ring : (round + i) % ring;
    const size_t other = (round + ring - i) % ring;
    *p = one < other ? one : other;
    *q = one < other ? other : one;
}

// Diagonalises the symmetric a `[n, n]` in place by Jacobi's rotations; the columns of v `[n, n]` are its eigenvectors. Rotations
// that share no row are made at the same time. `turns`: `[n + 1]`, to work with.
template <typename Team>
DEVICE void diagonalise(size_t n, double *a, double *v, double *turns) {
    // A sweep squares what is left beside the diagonal; ten are many.
    const int MOST_SWEEPS = 40;
    const double ROUNDING = 1e-28;
    const size_t players = n + n % 2, pairs = players / 2;
    FOR_EACH_OF_TEAM(e, n * n) {
        v[e] = e / n == e % n ? 1 : 0;
    }
    Team::wait();
    for (int sweep = 0; sweep < MOST_SWEEPS; ++sweep) {
        double beside = 0, all = 0;
        FOR_EACH_OF_TEAM(e, n * n) {
            const double square = a[e] * a[e];
            all += square;
            beside += e / n == e % n ? 0 : square;
        }
        beside = Team::sum(beside);
        all = Team::sum(all);
        // So that NaNs end it, too.
        if (!(beside > ROUNDING * all)) {
            break;
        }
        for (size_t round = 0; round + 1 < players; ++round) {
            FOR_EACH_OF_TEAM(i, pairs) {
                size_t p, q;
                meeting(players, round, i, &p, &q);
                double cosine = 1, sine = 0;
                if (q < n && a[p * n + q] != 0) {
                    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                    const double tangent = copysign(1 / (fabs(theta) + sqrt(theta * theta + 1)), theta);
                    cosine = 1 / sqrt(tangent * tangent + 1);
                    sine = tangent * cosine;
                }
                turns[2 * i] = cosine;
                turns[2 * i + 1] = sine;
            }
            Team::wait();
            for (int side = 0; side < 2; ++side) {
                FOR_EACH_OF_TEAM(e, pairs * n) {
                    const size_t i = e / n, k = e % n;
                    const double cosine = turns[2 * i], sine = turns[2 * i + 1];
                    size_t p, q;
                    meeting(players, round, i, &p, &q);
                    if (q < n) {
                        // Rows, then columns.
                        double *const one = side == 0 ? a + p * n + k : a + k * n + p;
                        double *const other = side == 0 ? a + q * n + k : a + k * n + q;
                        const double x = *one, y = *other;
                        *one = cosine * x - sine * y;
                        *other = sine * x + cosine * y;
                        if (side == 1) {
                            const double left = v[k * n + p], right = v[k * n + q];
                            v[k * n + p] = cosine * left - sine * right;
                            v[k * n + q] = sine * left + cosine * right;
                        }
                    }
                }
                Team::wait();
            }
        }
    }
}

// Where the smallest element of a diagonal is.
DEVICE size_t smallest_on_diagonal(size_t n, const double *a) {
    size_t smallest = 0;
    for (size_t i = 1; i < n; ++i) {
        if (a[i * n + i] < a[smallest * n + smallest]) {
            smallest = i;
        }
    }
    return smallest;
}
