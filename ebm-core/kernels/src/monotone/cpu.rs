use super::{LIMIT, Sizes, parameters_an_element};
use crate::math::{exp, tanh};
use crate::prelude::*;
use std::borrow::Cow;

/// The transcendental functions of every element, each computed once.
pub struct Saved {
    /// e^a, `[elements]`.
    rate: Vec<Real>,
    /// q = e^w, r = e^s, v = r (u - c), t = tanh v: `[elements, K]` each.
    steps: [Vec<Real>; 4],
    /// Places among the parameters of the elements of those at their limit, which nothing depends on.
    limited: Vec<usize>,
}

impl Saved {
    /// The functions of the first `elements` elements.
    pub fn new(elements: usize, count: usize, u: In, p: In) -> DevResult<Self> {
        let width = parameters_an_element(count);
        let (u, p) = (&u[..elements], &p[..elements * width]);
        let of = |start: usize, count: usize| -> Vec<Real> {
            p.chunks_exact(width).flat_map(|p| &p[start..start + count]).copied().collect()
        };
        let [mut rate, mut heights, mut rates] = [of(0, 1), of(1, count), of(1 + 2 * count, count)];
        vectorised(|| {
            for values in [&mut rate, &mut heights, &mut rates] {
                values.iter_mut().for_each(|v| *v = exp(v.clamp(-LIMIT, LIMIT)));
            }
        });
        let is_center = |at: usize| (1 + count..1 + 2 * count).contains(&(at % width));
        // Rare enough that the rows are looked through once, and no loop below has to ask.
        let limited =
            p.iter().enumerate().filter(|(at, p)| p.abs() > LIMIT && !is_center(*at)).map(|(at, _)| at).collect();
        let mut angles = Vec::with_capacity(u.len() * count);
        for (i, (u, p)) in u.iter().zip(p.chunks_exact(width)).enumerate() {
            let rates = &rates[i * count..(i + 1) * count];
            angles.extend(rates.iter().zip(&p[1 + count..]).map(|(r, c)| r * (u - c)));
        }
        let mut steps = angles.clone();
        vectorised(|| steps.iter_mut().for_each(|v| *v = tanh(*v)));
        Ok(Saved { rate, steps: [heights, rates, angles, steps], limited })
    }

    /// `y` `[blocks, elements]` of `u`: values in the first block, tangents in the others.
    pub fn forward(&self, (elements, _, steps): Sizes, u: In, p: In, y: Out) -> DevResult {
        let width = parameters_an_element(steps);
        let p = self.moving(elements * width, p);
        for (i, y) in y.iter_mut().enumerate() {
            let e = Element::at(i % elements, u, self, steps);
            *y = if i < elements { e.value() } else { e.tangent(u[i], &p[i * width..(i + 1) * width]) };
        }
        Ok(())
    }

    /// Adds to the cotangents of u and p what those of y give.
    pub fn backward(&self, (elements, _, steps): Sizes, u: In, p: In, g: In, gu: Out, gp: Out) -> DevResult {
        let width = parameters_an_element(steps);
        let p = self.moving(elements * width, p);
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
        self.stop(elements * width, gp);
        Ok(())
    }

    /// The parameters `[blocks, block]`, with no tangents of those at their limit.
    fn moving<'a>(&self, block: usize, p: In<'a>) -> Cow<'a, [Real]> {
        let mut p = Cow::Borrowed(p);
        if !self.limited.is_empty() && p.len() > block {
            self.stop(block, &mut p.to_mut()[block..]);
        }
        p
    }

    /// Zero in every block of `[blocks, block]` where a parameter is at its limit.
    fn stop(&self, block: usize, values: &mut [Real]) {
        for block in values.chunks_exact_mut(block) {
            self.limited.iter().for_each(|at| block[*at] = 0.0);
        }
    }
}

/// One element with what was saved for it.
struct Element<'a> {
    u: Real,
    rate: Real,
    /// q, r, v and t, `[K]` each.
    steps: [&'a [Real]; 4],
}

impl<'a> Element<'a> {
    fn at(i: usize, u: &[Real], saved: &'a Saved, count: usize) -> Self {
        let steps = saved.steps.each_ref().map(|values| &values[i * count..(i + 1) * count]);
        Self { u: u[i], rate: saved.rate[i], steps }
    }

    /// The number of steps, K.
    fn count(&self) -> usize {
        self.steps[0].len()
    }

    fn value(&self) -> Real {
        let [heights, _, _, steps] = self.steps;
        self.rate * self.u + heights.iter().zip(steps).map(|(q, t)| q * t).sum::<Real>()
    }

    /// The derivative along `du` and the parameters' tangents `dp`.
    fn tangent(&self, du: Real, dp: In) -> Real {
        let count = self.count();
        let mut sum = self.rate * (self.u * dp[0] + du);
        for k in 0..count {
            let (dw, dc, ds) = (dp[1 + k], dp[1 + count + k], dp[1 + 2 * count + k]);
            let [q, r, v, t] = self.steps.map(|values| values[k]);
            let rise = ds * v + r * (du - dc);
            sum += q * (dw * t + (1.0 - t * t) * rise);
        }
        sum
    }

    /// m'(u); adds g times the derivatives in the parameters.
    fn slope(&self, gp: Out, g: Real) -> Real {
        let count = self.count();
        gp[0] += g * self.rate * self.u;
        let mut slope = self.rate;
        for k in 0..count {
            let [q, r, v, t] = self.steps.map(|values| values[k]);
            let qd = q * (1.0 - t * t);
            let qdr = qd * r;
            slope += qdr;
            gp[1 + k] += g * q * t;
            gp[1 + count + k] -= g * qdr;
            gp[1 + 2 * count + k] += g * qd * v;
        }
        slope
    }

    /// g times the derivative of [`Element::tangent`] in u; adds those in the parameters.
    fn curvature(&self, du: Real, dp: In, g: Real, gp: Out) -> Real {
        let count = self.count();
        gp[0] += g * self.rate * (self.u * dp[0] + du);
        let mut gu = g * self.rate * dp[0];
        for k in 0..count {
            let (dw, dc, ds) = (dp[1 + k], dp[1 + count + k], dp[1 + 2 * count + k]);
            let [q, r, v, t] = self.steps.map(|values| values[k]);
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
