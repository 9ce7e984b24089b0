// Patches of images under a sliding kernel (see conv/layer.rs), and weights turned for the other direction.
//
// images [images, height, width, channels], patches [images, rows, columns, kernel, kernel, channels].
#include "kernel.cuh"

// Finding a value's place takes longer than copying it: where channels come in fours, four are moved at once. Arrays begin where
// their memory was allocated, or whole images after that, so that four lie where a GPU takes them in one piece.
#ifdef __CUDACC__
#define ALIGNED __align__(16)
#else
#define ALIGNED
#endif
struct ALIGNED Four {
    REAL of[4];
};

DEVICE REAL add(REAL a, REAL b) {
    return a + b;
}

DEVICE Four add(Four a, Four b) {
    return {{a.of[0] + b.of[0], a.of[1] + b.of[1], a.of[2] + b.of[2], a.of[3] + b.of[3]}};
}

// A sliding kernel, its fine images and its places, as `RawWindow` in conv/cuda.rs. Channels are counted in values or in fours.
struct Window {
    size_t kernel, stride, padding, height, width, channels, rows, columns;
};

// Value i of patches = P(fine).
template <typename T>
DEVICE void gather(size_t i, const Window &window, const T *fine, T *patches) {
    const size_t channel = i % window.channels;
    size_t rest = i / window.channels;
    const size_t across = rest % window.kernel;
    rest /= window.kernel;
    const size_t down = rest % window.kernel;
    rest /= window.kernel;
    const size_t column = rest % window.columns;
    rest /= window.columns;
    const size_t row = rest % window.rows;
    const size_t image = rest / window.rows;
    // Above the image and left of it these wrap around, which is outside as well.
    const size_t y = row * window.stride + down - window.padding;
    const size_t x = column * window.stride + across - window.padding;
    if (y < window.height && x < window.width) {
        patches[i] = fine[((image * window.height + y) * window.width + x) * window.channels + channel];
    } else {
        patches[i] = T{};
    }
}

// Value i of fine += P^T(patches). A pixel fetches what the patches hold of it, so that no two threads add to one place.
template <typename T>
DEVICE void scatter(size_t i, const Window &window, const T *patches, T *fine) {
    const size_t channel = i % window.channels;
    size_t rest = i / window.channels;
    const size_t x = rest % window.width + window.padding;
    rest /= window.width;
    const size_t y = rest % window.height + window.padding;
    const size_t image = rest / window.height;
    T sum{};
    // The places of the kernel that meet the pixel: row * stride + down = y. A row before the first wraps around.
    for (size_t down = y % window.stride, row = y / window.stride; down < window.kernel; down += window.stride, --row) {
        if (row >= window.rows) {
            continue;
        }
        size_t column = x / window.stride;
        for (size_t across = x % window.stride; across < window.kernel; across += window.stride, --column) {
            if (column < window.columns) {
                const size_t place = (image * window.rows + row) * window.columns + column;
                const size_t tap = (place * window.kernel + down) * window.kernel + across;
                sum = add(sum, patches[tap * window.channels + channel]);
            }
        }
    }
    fine[i] = add(fine[i], sum);
}

// The same window of channels in fours.
DEVICE Window in_fours(Window window) {
    window.channels /= 4;
    return window;
}

// patches = P(fine)
KERNEL(gather_patches, size_t images, Window window, const REAL *fine, REAL *patches) {
    const size_t taps = images * window.rows * window.columns * window.kernel * window.kernel;
    if (window.channels % 4 == 0) {
        const Window fours = in_fours(window);
        FOR_EACH(i, taps * fours.channels) {
            gather(i, fours, reinterpret_cast<const Four *>(fine), reinterpret_cast<Four *>(patches));
        }
    } else {
        FOR_EACH(i, taps * window.channels) {
            gather(i, window, fine, patches);
        }
    }
}

// fine += P^T(patches)
KERNEL(scatter_patches, size_t images, Window window, const REAL *patches, REAL *fine) {
    const size_t pixels = images * window.height * window.width;
    if (window.channels % 4 == 0) {
        const Window fours = in_fours(window);
        FOR_EACH(i, pixels * fours.channels) {
            scatter(i, fours, reinterpret_cast<const Four *>(patches), reinterpret_cast<Four *>(fine));
        }
    } else {
        FOR_EACH(i, pixels * window.channels) {
            scatter(i, window, patches, fine);
        }
    }
}

// Where weight i of a convolution, [fine, taps, channels], is among the oriented ones, [channels, taps, fine]: the taps are in
// reverse, and the channels exchanged.
DEVICE size_t mirrored(size_t i, size_t fine, size_t taps, size_t channels) {
    const size_t channel = i % channels;
    const size_t tap = i / channels % taps;
    const size_t other = i / channels / taps;
    return (channel * taps + taps - 1 - tap) * fine + other;
}

// The oriented weights.
KERNEL(mirror_weights, size_t fine, size_t taps, size_t channels, const REAL *weight, REAL *oriented) {
    FOR_EACH(i, fine * taps * channels) {
        oriented[mirrored(i, fine, taps, channels)] = weight[i];
    }
}

// weight += what is given for the oriented ones.
KERNEL(add_mirrored_weights, size_t fine, size_t taps, size_t channels, const REAL *oriented, REAL *weight) {
    FOR_EACH(i, fine * taps * channels) {
        weight[i] += oriented[mirrored(i, fine, taps, channels)];
    }
}
