// Activations whose derivatives are read off their values.
#pragma once

#include "kernel.cuh"

// As `Form` in epilogue/cuda.rs.
struct Epilogue {
    int number;
    REAL slope;
};

enum { LEAKY = 1, TANH = 2 };

// phi(x)
DEVICE REAL value_of(const Epilogue &epilogue, REAL x) {
    switch (epilogue.number) {
    case LEAKY:
        return x > 0 ? x : epilogue.slope * x;
    case TANH:
        return tanh(x);
    default:
        return x;
    }
}

// phi'(x), given y = phi(x).
DEVICE REAL slope_of(const Epilogue &epilogue, REAL y) {
    switch (epilogue.number) {
    case LEAKY:
        return y > 0 ? static_cast<REAL>(1) : epilogue.slope;
    case TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}
