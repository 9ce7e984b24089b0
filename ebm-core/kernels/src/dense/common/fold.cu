// A dense layer's weights W = [W_own, W_common], `[outputs, inputs]`, where the common inputs are the same numbers in all rows.
#include "kernel.cuh"

// The left columns: W_own.
KERNEL(left_columns, size_t outputs, size_t inputs, size_t own, const REAL *weight, REAL *y) {
    FOR_EACH(i, outputs * own) {
        y[i] = weight[i / own * inputs + i % own];
    }
}

// y_o += sum_c W_common,oc common_c
KERNEL(add_common, size_t outputs, size_t inputs, size_t own, const REAL *weight, const REAL *common, REAL *y) {
    FOR_EACH_ROW(output, outputs) {
        REAL sum = 0;
        FOR_EACH_COLUMN(column, inputs - own) {
            sum += weight[output * inputs + own + column] * common[column];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            y[output] += sum;
        }
    }
}

// gW += [gW_own, gb common^T]
KERNEL(
    add_folded, size_t outputs, size_t inputs, size_t own, const REAL *g_own, const REAL *g_bias, const REAL *common, REAL *g_weight
) {
    FOR_EACH(i, outputs * inputs) {
        const size_t output = i / inputs;
        const size_t column = i % inputs;
        g_weight[i] += column < own ? g_own[output * own + column] : g_bias[output] * common[column - own];
    }
}

// gc_c += sum_o gb_o W_common,oc
KERNEL(add_to_common, size_t outputs, size_t inputs, size_t own, const REAL *weight, const REAL *g_bias, REAL *g_common) {
    FOR_EACH_ROW(column, inputs - own) {
        REAL sum = 0;
        FOR_EACH_COLUMN(output, outputs) {
            sum += g_bias[output] * weight[output * inputs + own + column];
        }
        sum = block_sum(sum);
        if (THREAD == 0) {
            g_common[column] += sum;
        }
    }
}
