// Mixtures of Gaussians along a process (see kernels/mixture).
#include "kernel.cuh"

// A coordinate of a component, at a sample's place.
struct Term {
    REAL signal, signal_rate, mean, width, inverse, distance, along, growth;
};

// `place` are a, s^2 and their changes with the time; x is the sample's, u the tangent's, `rate` how it moves along the process.
DEVICE Term term(const REAL *place, REAL floor, REAL mean, REAL scale, REAL x, REAL u, REAL rate) {
    Term t;
    t.signal = place[0];
    t.signal_rate = place[2];
    t.mean = mean;
    t.width = exp(2 * scale);
    t.inverse = 1 / (t.signal * t.signal * (floor + t.width) + place[1]);
    t.distance = x - t.signal * mean;
    t.along = u - rate * t.signal_rate * mean;
    t.growth = rate * (2 * t.signal * t.signal_rate * (floor + t.width) + place[3]);
    return t;
}

// The logarithm of the sum of exponentials.
DEVICE REAL log_sum(const REAL *values, size_t count, REAL largest) {
    REAL sum = 0;
    for (size_t k = 0; k < count; ++k) {
        sum += exp(values[k] - largest);
    }
    return largest + log(sum);
}

DEVICE REAL largest_of(const REAL *values, size_t count) {
    REAL largest = values[0];
    for (size_t k = 1; k < count; ++k) {
        largest = fmax(largest, values[k]);
    }
    return largest;
}

KERNEL(mixture_terms, size_t rows, size_t primal, size_t columns, size_t count, REAL floor, const REAL *places,
       const REAL *rates, const REAL *x, const REAL *logits, const REAL *means, const REAL *scales, REAL *terms) {
    const REAL log_tau = static_cast<REAL>(1.8378770664093453);
    FOR_EACH(at, rows * count) {
        const size_t row = at / count;
        const size_t k = at % count;
        const size_t sample = row % primal;
        const REAL rate = row < primal ? 0 : rates[row - primal];
        REAL sum = 0;
        for (size_t i = 0; i < columns; ++i) {
            const size_t c = k * columns + i;
            const Term t =
                term(places + 4 * sample, floor, means[c], scales[c], x[sample * columns + i], x[row * columns + i], rate);
            const REAL square = t.distance * t.distance * t.inverse;
            if (row < primal) {
                sum += (log(t.inverse) - log_tau - square) / 2;
            } else {
                sum += ((square - 1) / 2 * t.growth - t.distance * t.along) * t.inverse;
            }
        }
        terms[at] = row < primal ? logits[k] + sum : sum;
    }
}

KERNEL(mixture_values, size_t rows, size_t primal, size_t count, const REAL *logits, REAL *terms, REAL *y) {
    FOR_EACH(sample, primal) {
        REAL *const shares = terms + sample * count;
        const REAL total = log_sum(shares, count, largest_of(shares, count));
        y[sample] = log_sum(logits, count, largest_of(logits, count)) - total;
        for (size_t k = 0; k < count; ++k) {
            shares[k] = exp(shares[k] - total);
        }
        for (size_t row = primal + sample; row < rows; row += primal) {
            REAL sum = 0;
            for (size_t k = 0; k < count; ++k) {
                sum += shares[k] * terms[row * count + k];
            }
            y[row] = -sum;
        }
    }
}

KERNEL(mixture_of_terms, size_t rows, size_t primal, size_t count, const REAL *terms, const REAL *y, const REAL *g,
       REAL *of) {
    FOR_EACH(at, primal * count) {
        const size_t sample = at / count;
        const size_t k = at % count;
        const REAL share = terms[at];
        REAL sum = -share * g[sample];
        for (size_t row = primal + sample; row < rows; row += primal) {
            const REAL below = -share * g[row];
            of[row * count + k] = below;
            sum += below * (terms[row * count + k] + y[row]);
        }
        of[at] = sum;
    }
}

KERNEL(mixture_in_x, size_t rows, size_t primal, size_t columns, size_t count, REAL floor, const REAL *places,
       const REAL *rates, const REAL *x, const REAL *means, const REAL *scales, const REAL *of, REAL *gx) {
    FOR_EACH(at, primal * columns) {
        const size_t sample = at / columns;
        const size_t i = at % columns;
        REAL in_sample = 0;
        for (size_t row = sample; row < rows; row += primal) {
            const REAL rate = row < primal ? 0 : rates[row - primal];
            REAL in_row = 0;
            for (size_t k = 0; k < count; ++k) {
                const size_t c = k * columns + i;
                const Term t = term(places + 4 * sample, floor, means[c], scales[c], x[at], x[row * columns + i], rate);
                const REAL weight = of[row * count + k] * t.inverse;
                in_row -= weight * t.distance;
                if (row >= primal) {
                    in_sample += weight * (t.distance * t.inverse * t.growth - t.along);
                }
            }
            gx[row * columns + i] += in_row;
        }
        gx[at] += in_sample;
    }
}

KERNEL(mixture_in_components, size_t rows, size_t primal, size_t columns, size_t count, REAL floor, const REAL *places,
       const REAL *rates, const REAL *x, const REAL *means, const REAL *scales, const REAL *of, REAL *g) {
    FOR_EACH_ROW(c, count * columns) {
        const size_t k = c / columns;
        const size_t i = c % columns;
        REAL in_mean = 0;
        REAL in_scale = 0;
        FOR_EACH_COLUMN(sample, primal) {
            for (size_t row = sample; row < rows; row += primal) {
                const REAL rate = row < primal ? 0 : rates[row - primal];
                const Term t = term(places + 4 * sample, floor, means[c], scales[c], x[sample * columns + i],
                                    x[row * columns + i], rate);
                const REAL weight = of[row * count + k] * t.inverse;
                const REAL square = t.distance * t.distance * t.inverse;
                const REAL own = t.signal * t.signal * t.width;
                if (row < primal) {
                    in_mean += weight * t.signal * t.distance;
                    in_scale += weight * own * (square - 1);
                    continue;
                }
                const REAL turned = t.along - t.distance * t.inverse * t.growth;
                in_mean += weight * (t.signal * turned + rate * t.signal_rate * t.distance);
                // Twice the halves of the derivatives in v and in its growth.
                const REAL in_variance = t.inverse * (2 * t.distance * t.along + (1 - 2 * square) * t.growth);
                const REAL in_growth = 2 * rate * t.signal * t.signal_rate * t.width * (square - 1);
                in_scale += weight * (own * in_variance + in_growth);
            }
        }
        in_mean = block_sum(in_mean);
        in_scale = block_sum(in_scale);
        if (THREAD == 0) {
            g[c] = in_mean;
            g[count * columns + c] = in_scale;
        }
    }
}

KERNEL(mixture_in_logits, size_t primal, size_t count, const REAL *logits, const REAL *of, const REAL *g, REAL *ga) {
    FOR_EACH_ROW(k, count) {
        const REAL total = log_sum(logits, count, largest_of(logits, count));
        const REAL share = exp(logits[k] - total);
        REAL sum = 0;
        FOR_EACH_COLUMN(sample, primal) {
            sum += of[sample * count + k] + share * g[sample];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            ga[k] += sum;
        }
    }
}
