// The monotone function m(u) = e^a u + sum_k e^{w_k} tanh(e^{s_k} (u - c_k)) of kernels/monotone.
//
// Parameters of an element lie side by side: a, then the w, c and s of all steps. a, w and s count as within +-limit.
#include "kernel.cuh"

// e^x, x within the limits, and the derivative's share in it: 0 beyond them.
struct Exponential {
    REAL value, live;
};

DEVICE Exponential exponential(REAL x, REAL limit) {
    return {exp(fmin(fmax(x, -limit), limit)), REAL(fabs(x) <= limit)};
}

// y [blocks, elements]: values in the first block, tangents in the others.
KERNEL(monotone_forward, size_t elements, size_t blocks, size_t steps, REAL limit, const REAL *u, const REAL *p,
       REAL *y) {
    const size_t width = 1 + 3 * steps;
    FOR_EACH(i, elements) {
        const REAL *w = p + i * width + 1, *c = w + steps, *s = c + steps;
        const Exponential rate = exponential(p[i * width], limit);
        REAL value = rate.value * u[i];
        for (size_t j = elements + i; j < blocks * elements; j += elements) {
            y[j] = rate.value * (rate.live * u[i] * p[j * width] + u[j]);
        }
        // The exponentials of a step serve the value and all of its tangents.
        for (size_t k = 0; k < steps; ++k) {
            const Exponential height = exponential(w[k], limit), speed = exponential(s[k], limit);
            const REAL angle = speed.value * (u[i] - c[k]);
            const REAL step = tanh(angle);
            const REAL slope = 1 - step * step;
            value += height.value * step;
            for (size_t j = elements + i; j < blocks * elements; j += elements) {
                const REAL *dw = p + j * width + 1, *dc = dw + steps, *ds = dc + steps;
                const REAL rise = speed.live * ds[k] * angle + speed.value * (u[j] - dc[k]);
                y[j] += height.value * (height.live * dw[k] * step + slope * rise);
            }
        }
        y[i] = value;
    }
}

// gu and gp += the cotangents of u and p, given those of y. A value is differentiated in its own u and p; a tangent in the
// tangents, in which it is linear, and in the u and p of its value.
KERNEL(monotone_backward, size_t elements, size_t blocks, size_t steps, REAL limit, const REAL *u, const REAL *p,
       const REAL *g, REAL *gu, REAL *gp) {
    const size_t width = 1 + 3 * steps;
    FOR_EACH(i, elements) {
        const REAL *w = p + i * width + 1, *c = w + steps, *s = c + steps;
        REAL *gw = gp + i * width + 1, *gc = gw + steps, *gs = gc + steps;
        const Exponential rate = exponential(p[i * width], limit);
        REAL of_u = g[i] * rate.value;
        REAL of_a = g[i] * rate.value * u[i];
        for (size_t j = elements + i; j < blocks * elements; j += elements) {
            const REAL da = rate.live * p[j * width];
            gu[j] += g[j] * rate.value;
            gp[j * width] += rate.live * g[j] * rate.value * u[i];
            of_u += g[j] * rate.value * da;
            of_a += g[j] * rate.value * (u[i] * da + u[j]);
        }
        for (size_t k = 0; k < steps; ++k) {
            const Exponential height = exponential(w[k], limit), speed = exponential(s[k], limit);
            const REAL angle = speed.value * (u[i] - c[k]);
            const REAL step = tanh(angle);
            const REAL steep = height.value * (1 - step * step);
            of_u += g[i] * steep * speed.value;
            REAL of_w = g[i] * height.value * step;
            REAL of_c = -g[i] * steep * speed.value;
            REAL of_s = g[i] * steep * angle;
            for (size_t j = elements + i; j < blocks * elements; j += elements) {
                const REAL *dp = p + j * width + 1;
                REAL *gdw = gp + j * width + 1, *gdc = gdw + steps, *gds = gdc + steps;
                const REAL dw = height.live * dp[k], dc = dp[steps + k], ds = speed.live * dp[2 * steps + k];
                gu[j] += g[j] * steep * speed.value;
                gdw[k] += height.live * g[j] * height.value * step;
                gdc[k] -= g[j] * steep * speed.value;
                gds[k] += speed.live * g[j] * steep * angle;
                const REAL apart = speed.value * (u[j] - dc);
                const REAL rise = ds * angle + apart;
                // In the angle, on which the step, its slope and the rise depend.
                const REAL of_angle = g[j] * steep * (dw - 2 * step * rise + ds);
                of_u += of_angle * speed.value;
                of_w += g[j] * (height.value * dw * step + steep * rise);
                of_c -= of_angle * speed.value;
                of_s += of_angle * angle + g[j] * steep * apart;
            }
            gw[k] += height.live * of_w;
            gc[k] += of_c;
            gs[k] += speed.live * of_s;
        }
        gu[i] += of_u;
        gp[i * width] += rate.live * of_a;
    }
}
