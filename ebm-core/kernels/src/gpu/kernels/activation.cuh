// Activation functions with two derivatives.
#pragma once

#include "kernel.cuh"

// As `Form` in gpu/activation.rs numbers them.
enum { IDENTITY = 0, LEAKY = 1, LEARNED = 2, SILU = 3, SOFTPLUS = 4, TANH = 5 };

struct Jet {
    REAL value, slope, bend;
};

DEVICE REAL sigmoid(REAL x) {
    return 1 / (1 + exp(-x));
}

// (phi, phi', phi'') at x. `leak` is the slope below zero of what is piecewise linear.
DEVICE Jet jet(int form, REAL leak, REAL x) {
    switch (form) {
    case LEAKY:
    case LEARNED:
        return {x > 0 ? x : leak * x, x > 0 ? static_cast<REAL>(1) : leak, 0};
    case SILU: {
        const REAL s = sigmoid(x);
        return {x * s, s * (1 + x * (1 - s)), s * (1 - s) * (2 + x * (1 - 2 * s))};
    }
    case SOFTPLUS: {
        const REAL s = sigmoid(x);
        return {fmax(x, static_cast<REAL>(0)) + log1p(exp(-fabs(x))), s, s * (1 - s)};
    }
    case TANH: {
        const REAL y = tanh(x);
        const REAL slope = 1 - y * y;
        return {y, slope, -2 * y * slope};
    }
    default:
        return {x, 1, 0};
    }
}

// phi'(x), given y = phi(x), of what an ending may be: the leaky forms, whose y has the sign of x, and tanh.
DEVICE REAL slope_at(int form, REAL leak, REAL y) {
    switch (form) {
    case LEAKY:
        return y > 0 ? static_cast<REAL>(1) : leak;
    case TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}
