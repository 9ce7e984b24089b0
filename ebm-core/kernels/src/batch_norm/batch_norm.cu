// Batch normalisation of [pixels, channels] (see kernels/batch_norm). Sums are made in parts, as in channel_sums.cu.
#include "epilogue.cuh"

DEVICE REAL inverse_deviation(REAL variance, REAL epsilon) {
    return 1 / sqrt(variance + epsilon);
}

// Means, and sums of squared deviations from them, [parts, channels].
KERNEL(batch_statistics_in_parts, size_t pixels, size_t parts, size_t channels, const REAL *x, double *means,
       double *squares) {
    FOR_EACH(i, parts * channels) {
        // The mean of n values is within sqrt(n) standard deviations of each of them: measured from one of them, the difference
        // of squares below loses few of the digits of double precision, wherever the values lie.
        const double origin = x[i];
        double sum = 0, square = 0, count = 0;
        for (size_t j = i; j < pixels * channels; j += parts * channels) {
            const double apart = x[j] - origin;
            sum += apart;
            square += apart * apart;
            count += 1;
        }
        means[i] = origin + sum / count;
        squares[i] = square - sum * sum / count;
    }
}

// Pixels of a part.
DEVICE double part_size(size_t pixels, size_t part, size_t parts) {
    return static_cast<double>((pixels - part + parts - 1) / parts);
}

// The mean of a channel from the means of its parts. All threads of a block get it.
DEVICE double channel_mean(size_t pixels, size_t parts, size_t channels, size_t channel, const double *means) {
    double sum = 0;
    FOR_EACH_COLUMN(part, parts) {
        sum += part_size(pixels, part, parts) * means[part * channels + channel];
    }
    return block_sum(sum) / static_cast<double>(pixels);
}

// The means of the channels.
KERNEL(batch_means, size_t pixels, size_t parts, size_t channels, const double *means, REAL *mean) {
    FOR_EACH_ROW(channel, channels) {
        const double centre = channel_mean(pixels, parts, channels, channel, means);
        if (THREAD == 0) {
            mean[channel] = static_cast<REAL>(centre);
        }
    }
}

// The variances of the channels.
KERNEL(batch_variances, size_t pixels, size_t parts, size_t channels, const double *means, const double *squares,
       REAL *variance) {
    FOR_EACH_ROW(channel, channels) {
        const double centre = channel_mean(pixels, parts, channels, channel, means);
        double sum = 0;
        FOR_EACH_COLUMN(part, parts) {
            const double apart = means[part * channels + channel] - centre;
            sum += squares[part * channels + channel] + part_size(pixels, part, parts) * apart * apart;
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            variance[channel] = static_cast<REAL>(sum / static_cast<double>(pixels));
        }
    }
}

// y [blocks, values] of x: values in the first block, tangents in the others.
KERNEL(batch_norm_forward, size_t values, size_t blocks, size_t channels, REAL epsilon, Epilogue epilogue,
       const REAL *x, const REAL *mean, const REAL *variance, const REAL *gamma, const REAL *beta, REAL *y) {
    FOR_EACH(i, values) {
        const size_t channel = i % channels;
        const REAL inverse = inverse_deviation(variance[channel], epsilon);
        const REAL normal = (x[i] - mean[channel]) * inverse;
        const REAL value = value_of(epilogue, normal * gamma[channel] + beta[channel]);
        const REAL slope = slope_of(epilogue, value);
        y[i] = value;
        for (size_t j = values + i; j < blocks * values; j += values) {
            y[j] = x[j] * inverse * gamma[channel] * slope;
        }
    }
}

// The gradients of gamma and beta, [parts, channels], given g. Of the pixels, those from `primal` on are tangents, which beta
// does not reach.
KERNEL(batch_norm_sums_in_parts, size_t pixels, size_t primal, size_t parts, size_t channels, REAL epsilon,
       const REAL *g, const REAL *x, const REAL *mean, const REAL *variance, double *by_gamma, double *by_beta) {
    FOR_EACH(i, parts * channels) {
        const size_t channel = i % channels;
        const REAL inverse = inverse_deviation(variance[channel], epsilon);
        double gamma = 0, beta = 0;
        for (size_t j = i; j < pixels * channels; j += parts * channels) {
            const bool tangent = j >= primal * channels;
            const REAL centred = tangent ? x[j] : x[j] - mean[channel];
            gamma += g[j] * (centred * inverse);
            beta += tangent ? 0 : g[j];
        }
        by_gamma[i] = gamma;
        by_beta[i] = beta;
    }
}

// gx += gamma / deviation g: the statistics do not depend on x.
KERNEL(batch_norm_backward, size_t pixels, size_t channels, REAL epsilon, const REAL *variance, const REAL *gamma,
       const REAL *g, REAL *gx) {
    FOR_EACH(i, pixels * channels) {
        const size_t channel = i % channels;
        gx[i] += gamma[channel] * inverse_deviation(variance[channel], epsilon) * g[i];
    }
}

// The same where the statistics are those of x, so that the gradient goes through them.
KERNEL(batch_norm_backward_through, size_t pixels, size_t channels, REAL epsilon, const REAL *x, const REAL *mean,
       const REAL *variance, const REAL *gamma, const REAL *by_gamma, const REAL *by_beta, const REAL *g, REAL *gx) {
    const REAL share = 1 / static_cast<REAL>(pixels);
    FOR_EACH(i, pixels * channels) {
        const size_t channel = i % channels;
        const REAL inverse = inverse_deviation(variance[channel], epsilon);
        const REAL normal = (x[i] - mean[channel]) * inverse;
        const REAL common = (by_beta[channel] + normal * by_gamma[channel]) * share;
        gx[i] += gamma[channel] * inverse * (g[i] - common);
    }
}

// running += share (factor latest - running)
KERNEL(move_towards, size_t channels, REAL share, REAL factor, const REAL *latest, REAL *running) {
    FOR_EACH(i, channels) {
        running[i] += share * (factor * latest[i] - running[i]);
    }
}
