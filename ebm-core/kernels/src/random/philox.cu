// Random numbers by Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// random/philox.rs says the same in Rust, and is checked against the authors' known answers.
#include "kernel.cuh"

struct Words {
    uint32_t of[4];
};

// The words of a key's step with number `index`.
DEVICE Words philox(uint64_t key, uint64_t step, uint64_t index) {
    uint32_t first = static_cast<uint32_t>(key), second = static_cast<uint32_t>(key >> 32);
    uint32_t a = static_cast<uint32_t>(index), b = static_cast<uint32_t>(index >> 32);
    uint32_t c = static_cast<uint32_t>(step), d = static_cast<uint32_t>(step >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t left = static_cast<uint64_t>(0xD2511F53u) * a;
        const uint64_t right = static_cast<uint64_t>(0xCD9E8D57u) * c;
        a = static_cast<uint32_t>(right >> 32) ^ b ^ first;
        b = static_cast<uint32_t>(right);
        c = static_cast<uint32_t>(left >> 32) ^ d ^ second;
        d = static_cast<uint32_t>(left);
        first += 0x9E3779B9u;
        second += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

// The numbers first, ..., first + n - 1 of a key's step are on so many counters, of four each; a thread makes those of one.
DEVICE size_t counters(size_t n, size_t first) {
    return (first % 4 + n + 3) / 4;
}

// Stores value(i), i < 4, the numbers of counter `index`, as far as they are wanted.
template <typename F>
DEVICE void store_four(size_t n, size_t first, size_t index, REAL *y, F value) {
    for (size_t i = 0; i < 4; ++i) {
        const size_t number = 4 * index + i;
        if (number >= first && number < first + n) {
            y[number - first] = value(i);
        }
    }
}

// Standard normal numbers by Box and Muller: two of two words.
KERNEL(philox_normals, size_t n, size_t first, uint64_t key, uint64_t step, REAL *y) {
    const REAL unit = static_cast<REAL>(1.0 / 4294967296.0);
    FOR_EACH(k, counters(n, first)) {
        const size_t index = first / 4 + k;
        const Words words = philox(key, step, index);
        REAL values[4];
        for (int i = 0; i < 4; i += 2) {
            // The half keeps the logarithm finite.
            const REAL share = (static_cast<REAL>(words.of[i]) + static_cast<REAL>(0.5)) * unit;
            const REAL radius = sqrt(-2 * log(share));
            const REAL angle = static_cast<REAL>(6.283185307179586) * (static_cast<REAL>(words.of[i + 1]) * unit);
            values[i] = radius * cos(angle);
            values[i + 1] = radius * sin(angle);
        }
        store_four(n, first, index, y, [&](size_t i) { return values[i]; });
    }
}

// Numbers uniform on [0, 1), of the 24 bits that single precision holds.
KERNEL(philox_uniforms, size_t n, size_t first, uint64_t key, uint64_t step, REAL *y) {
    const REAL unit = static_cast<REAL>(1.0 / 16777216.0);
    FOR_EACH(k, counters(n, first)) {
        const size_t index = first / 4 + k;
        const Words words = philox(key, step, index);
        store_four(n, first, index, y, [&](size_t i) { return static_cast<REAL>(words.of[i] >> 8) * unit; });
    }
}

// Signs, +1 or -1.
KERNEL(philox_signs, size_t n, size_t first, uint64_t key, uint64_t step, REAL *y) {
    FOR_EACH(k, counters(n, first)) {
        const size_t index = first / 4 + k;
        const Words words = philox(key, step, index);
        store_four(n, first, index, y, [&](size_t i) { return static_cast<REAL>(words.of[i] >> 31 ? -1 : 1); });
    }
}
