// What every kernel is written with. The same sources are compiled by nvcc for GPUs, and by a C++ compiler for the host, where
// the blocks of a grid run one after the other and have one thread each.
//
// - KERNEL(name, parameters...) declares a kernel; Rust declares it once more, with the lengths of its arrays (see `kernels!`).
// - FOR_EACH(i, n) shares the numbers below n out to all threads of the grid; FOR_EACH_ROW(r, rows) to its blocks; and
//   FOR_EACH_COLUMN(c, columns) to the threads of one block.
// - block_sum adds up what the threads of a block hold, and block_max finds the largest. Every thread of the block must take part,
//   and every thread gets the result.
// - WAIT_FOR_BLOCK() waits until all threads of the block are there, and what they wrote can be read.
//
// There are no atomic additions: the order of a sum is fixed, so that a run can be repeated to the last bit.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#ifdef EBM_DOUBLE
typedef double REAL;
#else
typedef float REAL;
#endif

#ifdef __CUDACC__

#define KERNEL(name, ...) extern "C" __global__ void ebm_##name(__VA_ARGS__)
#define DEVICE static __device__ __forceinline__
#define BLOCK (static_cast<size_t>(blockIdx.x))
#define BLOCKS (static_cast<size_t>(gridDim.x))
#define THREAD (static_cast<size_t>(threadIdx.x))
#define THREADS (static_cast<size_t>(blockDim.x))
#define WAIT_FOR_BLOCK() __syncthreads()

#else

#define KERNEL(name, ...) \
    extern "C" void ebm_##name([[maybe_unused]] size_t BLOCK, [[maybe_unused]] size_t BLOCKS, __VA_ARGS__)
#define DEVICE static inline
static constexpr size_t THREAD = 0;
static constexpr size_t THREADS = 1;
#define WAIT_FOR_BLOCK()

using std::copysign;
using std::cos;
using std::exp;
using std::fabs;
using std::fmax;
using std::fmin;
using std::log;
using std::log1p;
using std::pow;
using std::sin;
using std::sqrt;
using std::tanh;

#endif

#define FOR_EACH(i, n) for (size_t i = BLOCK * THREADS + THREAD; i < (n); i += BLOCKS * THREADS)
#define FOR_EACH_ROW(row, rows) for (size_t row = BLOCK; row < (rows); row += BLOCKS)
#define FOR_EACH_COLUMN(column, columns) for (size_t column = THREAD; column < (columns); column += THREADS)

// What `join` makes of the values of the threads of a block, of which there are a multiple of 32, in a fixed order.
template <typename T, typename F>
DEVICE T block_reduce(T value, [[maybe_unused]] F join) {
#ifdef __CUDACC__
    __shared__ T of_warp[32];
    for (int distance = 16; distance > 0; distance /= 2) {
        value = join(value, __shfl_down_sync(0xffffffffu, value, distance));
    }
    // Whoever is late may still be reading the result before.
    WAIT_FOR_BLOCK();
    if (threadIdx.x % 32 == 0) {
        of_warp[threadIdx.x / 32] = value;
    }
    WAIT_FOR_BLOCK();
    value = of_warp[0];
    for (unsigned warp = 1; warp < blockDim.x / 32; ++warp) {
        value = join(value, of_warp[warp]);
    }
#endif
    return value;
}

template <typename T>
DEVICE T block_sum(T value) {
    return block_reduce(value, [](T a, T b) { return a + b; });
}

template <typename T>
DEVICE T block_max(T value) {
    return block_reduce(value, [](T a, T b) { return fmax(a, b); });
}
