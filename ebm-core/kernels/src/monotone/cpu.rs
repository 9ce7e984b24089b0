//! The elements one after the other.

use super::parameters_an_element;
use crate::device::{DevResult, Real};
use crate::math::{exp, tanh, vectorised};

/// The transcendental functions of every element, each computed once.
pub(super) struct Saved {
    /// e^a, `[elements]`.
    rate: Vec<Real>,
    /// q = e^w, r = e^s, v = r (u - c), t = tanh v: `[elements, K]` each.
    heights: Vec<Real>,
    rates: Vec<Real>,
    angles: Vec<Real>,
    steps: Vec<Real>,
}

impl Saved {
    /// The functions of the first `elements` elements.
    pub(super) fn new(elements: usize, count: usize, u: &[Real], p: &[Real]) -> DevResult<Self> {
        let width = parameters_an_element(count);
        let (u, p) = (&u[..elements], &p[..elements * width]);
        let mut saved = Saved {
            rate: p.iter().step_by(width).copied().collect(),
            heights: Vec::with_capacity(u.len() * count),
            rates: Vec::with_capacity(u.len() * count),
            angles: Vec::with_capacity(u.len() * count),
            steps: vec![0.0; u.len() * count],
        };
        for p in p.chunks_exact(width) {
            saved.heights.extend_from_slice(&p[1..=count]);
            saved.rates.extend_from_slice(&p[1 + 2 * count..]);
        }
        vectorised(|| {
            saved.rate.iter_mut().for_each(|v| *v = exp(*v));
            saved.heights.iter_mut().for_each(|v| *v = exp(*v));
            saved.rates.iter_mut().for_each(|v| *v = exp(*v));
        });
        for (i, (u, p)) in u.iter().zip(p.chunks_exact(width)).enumerate() {
            let rates = &saved.rates[i * count..(i + 1) * count];
            let angles = rates.iter().zip(&p[1 + count..]).map(|(r, c)| r * (u - c));
            saved.angles.extend(angles);
        }
        vectorised(|| {
            saved.steps.iter_mut().zip(&saved.angles).for_each(|(t, v)| *t = tanh(*v));
        });
        Ok(saved)
    }

    /// `y` `[blocks, elements]` of `u`: values in the first block, tangents in the others.
    pub(super) fn forward(
        &self,
        elements: usize,
        _: usize,
        steps: usize,
        u: &[Real],
        p: &[Real],
        y: &mut [Real],
    ) -> DevResult {
        let width = parameters_an_element(steps);
        for (i, y) in y.iter_mut().enumerate() {
            let e = Element::at(i % elements, u, self, steps);
            *y = if i < elements { e.value() } else { e.tangent(u[i], &p[i * width..(i + 1) * width]) };
        }
        Ok(())
    }

    /// Adds to the cotangents of u and p what those of y give.
    pub(super) fn backward(
        &self,
        elements: usize,
        _: usize,
        steps: usize,
        u: &[Real],
        p: &[Real],
        g: &[Real],
        gu: &mut [Real],
        gp: &mut [Real],
    ) -> DevResult {
        let width = parameters_an_element(steps);
        for i in 0..u.len() {
            let sample = i % elements;
            let e = Element::at(sample, u, self, steps);
            let own = i * width..(i + 1) * width;
            // The first order: of a value in its own inputs, of a tangent in the tangents it is linear in.
            gu[i] += g[i] * e.slope(&mut gp[own.clone()], g[i]);
            if i >= elements {
                let base = sample * width..(sample + 1) * width;
                gu[sample] += e.curvature(u[i], &p[own], g[i], &mut gp[base]);
            }
        }
        Ok(())
    }
}

/// One element with what was saved for it.
struct Element<'a> {
    u: Real,
    rate: Real,
    heights: &'a [Real],
    rates: &'a [Real],
    angles: &'a [Real],
    steps: &'a [Real],
}

impl<'a> Element<'a> {
    fn at(i: usize, u: &[Real], saved: &'a Saved, count: usize) -> Self {
        let own = i * count..(i + 1) * count;
        Self {
            u: u[i],
            rate: saved.rate[i],
            heights: &saved.heights[own.clone()],
            rates: &saved.rates[own.clone()],
            angles: &saved.angles[own.clone()],
            steps: &saved.steps[own],
        }
    }

    fn value(&self) -> Real {
        let steps: Real = self.heights.iter().zip(self.steps).map(|(q, t)| q * t).sum();
        self.rate * self.u + steps
    }

    /// The derivative along `du` and the parameters' tangents `dp`.
    fn tangent(&self, du: Real, dp: &[Real]) -> Real {
        let count = self.heights.len();
        let mut sum = self.rate * (self.u * dp[0] + du);
        for k in 0..count {
            let (dw, dc, ds) = (dp[1 + k], dp[1 + count + k], dp[1 + 2 * count + k]);
            let t = self.steps[k];
            let rise = ds * self.angles[k] + self.rates[k] * (du - dc);
            sum += self.heights[k] * (dw * t + (1.0 - t * t) * rise);
        }
        sum
    }

    /// m'(u); adds g times the derivatives in the parameters.
    fn slope(&self, gp: &mut [Real], g: Real) -> Real {
        let count = self.heights.len();
        gp[0] += g * self.rate * self.u;
        let mut slope = self.rate;
        for k in 0..count {
            let (q, t) = (self.heights[k], self.steps[k]);
            let qd = q * (1.0 - t * t);
            let qdr = qd * self.rates[k];
            slope += qdr;
            gp[1 + k] += g * q * t;
            gp[1 + count + k] -= g * qdr;
            gp[1 + 2 * count + k] += g * qd * self.angles[k];
        }
        slope
    }

    /// g times the derivative of [`Element::tangent`] in u; adds those in the parameters.
    fn curvature(&self, du: Real, dp: &[Real], g: Real, gp: &mut [Real]) -> Real {
        let count = self.heights.len();
        gp[0] += g * self.rate * (self.u * dp[0] + du);
        let mut gu = g * self.rate * dp[0];
        for k in 0..count {
            let (dw, dc, ds) = (dp[1 + k], dp[1 + count + k], dp[1 + 2 * count + k]);
            let (q, r, v, t) = (self.heights[k], self.rates[k], self.angles[k], self.steps[k]);
            let d = 1.0 - t * t;
            let rise = ds * v + r * (du - dc);
            // In the angle v, on which t, its derivative and the rise depend.
            let gv = g * q * (dw * d - 2.0 * t * d * rise + d * ds);
            gu += gv * r;
            gp[1 + k] += g * q * (dw * t + d * rise);
            gp[1 + count + k] -= gv * r;
            gp[1 + 2 * count + k] += gv * v + g * q * d * r * (du - dc);
        }
        gu
    }
}
