// The monotone function m(u) = e^a u + sum_k e^{w_k} tanh(e^{s_k} (u - c_k)) of kernels/monotone.
//
// Parameters of an element lie side by side: a, then the w, c and s of all steps.
#include "kernel.cuh"

// y [blocks, elements]: values in the first block, tangents in the others.
KERNEL(monotone_forward, size_t elements, size_t blocks, size_t steps, const REAL *u, const REAL *p, REAL *y) {
    const size_t width = 1 + 3 * steps;
    FOR_EACH(i, elements) {
        const REAL *w = p + i * width + 1, *c = w + steps, *s = c + steps;
        const REAL rate = exp(p[i * width]);
        REAL value = rate * u[i];
        for (size_t j = elements + i; j < blocks * elements; j += elements) {
            y[j] = rate * (u[i] * p[j * width] + u[j]);
        }
        // The exponentials of a step serve the value and all of its tangents.
        for (size_t k = 0; k < steps; ++k) {
            const REAL height = exp(w[k]);
            const REAL speed = exp(s[k]);
            const REAL angle = speed * (u[i] - c[k]);
            const REAL step = tanh(angle);
            const REAL slope = 1 - step * step;
            value += height * step;
            for (size_t j = elements + i; j < blocks * elements; j += elements) {
                const REAL *dw = p + j * width + 1, *dc = dw + steps, *ds = dc + steps;
                const REAL rise = ds[k] * angle + speed * (u[j] - dc[k]);
                y[j] += height * (dw[k] * step + slope * rise);
            }
        }
        y[i] = value;
    }
}

// gu and gp += the cotangents of u and p, given those of y. A value is differentiated in its own u and p; a tangent in the
// tangents, in which it is linear, and in the u and p of its value.
KERNEL(monotone_backward, size_t elements, size_t blocks, size_t steps, const REAL *u, const REAL *p, const REAL *g,
       REAL *gu, REAL *gp) {
    const size_t width = 1 + 3 * steps;
    FOR_EACH(i, elements) {
        const REAL *w = p + i * width + 1, *c = w + steps, *s = c + steps;
        REAL *gw = gp + i * width + 1, *gc = gw + steps, *gs = gc + steps;
        const REAL rate = exp(p[i * width]);
        REAL of_u = g[i] * rate;
        REAL of_a = g[i] * rate * u[i];
        for (size_t j = elements + i; j < blocks * elements; j += elements) {
            gu[j] += g[j] * rate;
            gp[j * width] += g[j] * rate * u[i];
            of_u += g[j] * rate * p[j * width];
            of_a += g[j] * rate * (u[i] * p[j * width] + u[j]);
        }
        for (size_t k = 0; k < steps; ++k) {
            const REAL height = exp(w[k]);
            const REAL speed = exp(s[k]);
            const REAL angle = speed * (u[i] - c[k]);
            const REAL step = tanh(angle);
            const REAL steep = height * (1 - step * step);
            of_u += g[i] * steep * speed;
            REAL of_w = g[i] * height * step;
            REAL of_c = -g[i] * steep * speed;
            REAL of_s = g[i] * steep * angle;
            for (size_t j = elements + i; j < blocks * elements; j += elements) {
                const REAL *dw = p + j * width + 1, *dc = dw + steps, *ds = dc + steps;
                REAL *gdw = gp + j * width + 1, *gdc = gdw + steps, *gds = gdc + steps;
                gu[j] += g[j] * steep * speed;
                gdw[k] += g[j] * height * step;
                gdc[k] -= g[j] * steep * speed;
                gds[k] += g[j] * steep * angle;
                const REAL apart = speed * (u[j] - dc[k]);
                const REAL rise = ds[k] * angle + apart;
                // In the angle, on which the step, its slope and the rise depend.
                const REAL of_angle = g[j] * steep * (dw[k] - 2 * step * rise + ds[k]);
                of_u += of_angle * speed;
                of_w += g[j] * (height * dw[k] * step + steep * rise);
                of_c -= of_angle * speed;
                of_s += of_angle * angle + g[j] * steep * apart;
            }
            gw[k] += of_w;
            gc[k] += of_c;
            gs[k] += of_s;
        }
        gu[i] += of_u;
        gp[i * width] += of_a;
    }
}
