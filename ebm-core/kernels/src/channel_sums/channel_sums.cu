// Sums of every channel over the pixels of images, [pixels, channels], in two stages: of parts, and of the parts' sums.
//
// Part p has the pixels p, p + parts, ...: neighbouring threads read neighbouring values, whatever the number of channels is,
// and the order of a sum depends on the sizes alone.
#include "kernel.cuh"

// sums [parts, channels]
KERNEL(channel_sums_in_parts, size_t pixels, size_t parts, size_t channels, const REAL *x, double *sums) {
    FOR_EACH(i, parts * channels) {
        double sum = 0;
        for (size_t j = i; j < pixels * channels; j += parts * channels) {
            sum += x[j];
        }
        sums[i] = sum;
    }
}

// y_c += sum_p sums_pc
KERNEL(add_channel_sums, size_t parts, size_t channels, const double *sums, REAL *y) {
    FOR_EACH_ROW(channel, channels) {
        double sum = 0;
        FOR_EACH_COLUMN(part, parts) {
            sum += sums[part * channels + channel];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[channel] += static_cast<REAL>(sum);
        }
    }
}
