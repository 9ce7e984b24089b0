// Activation functions with two derivatives.
#pragma once

#include "kernel.cuh"

struct Jet {
    REAL value, slope, bend;
};

DEVICE REAL sigmoid(REAL x) {
    return 1 / (1 + exp(-x));
}

// max(x, 0) + slope min(x, 0)
DEVICE Jet leaky(REAL slope, REAL x) {
    return {x > 0 ? x : slope * x, x > 0 ? static_cast<REAL>(1) : slope, 0};
}

// The learned slope of an activation, which is null for one that has none.
DEVICE REAL slope_at(const REAL *learned) {
    return learned ? *learned : 0;
}

// (phi, phi', phi'') at x of the activation with this number.
DEVICE Jet jet(int activation, [[maybe_unused]] REAL slope, REAL x) {
    switch (activation) {
#include "activations.inc"
    }
    return {x, 1, 0};
}
