#include "kernel.cuh"

// As `Step` in mod.rs.
struct Step {
    REAL scale, b1, b2, epsilon, step, correction, keep;
};

DEVICE void update(const Step &s, REAL g, REAL &m, REAL &v, REAL &w) {
    g *= s.scale;
    m = s.b1 * m + (1 - s.b1) * g;
    v = s.b2 * v + (1 - s.b2) * g * g;
    w = s.keep * w - s.step * m / (sqrt(v) * s.correction + s.epsilon);
}

KERNEL(adam, size_t n, Step step, const REAL *g, REAL *m, REAL *v, REAL *w) {
    FOR_EACH(i, n) {
        update(step, g[i], m[i], v[i], w[i]);
    }
}

KERNEL(
    adam_beside, size_t n, Step step, const REAL *g, const REAL *old_m, const REAL *old_v, REAL *m, REAL *v, REAL *w
) {
    FOR_EACH(i, n) {
        m[i] = old_m[i];
        v[i] = old_v[i];
        update(step, g[i], m[i], v[i], w[i]);
    }
}

// to += rate (from - to)
KERNEL(follow, size_t n, REAL rate, const REAL *from, REAL *to) {
    FOR_EACH(i, n) {
        to[i] += rate * (from[i] - to[i]);
    }
}
