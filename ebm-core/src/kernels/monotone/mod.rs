//! A strictly increasing function with given parameters, a sum of steps:
//! `m(u) = e^a u + sum_k e^{w_k} tanh(e^{s_k} (u - c_k))`.
//!
//! Every element has parameters of its own, so that a network can choose them: the transformation of a coupling flow.
//!
//! ```
//! use ebm_core::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::monotone::{monotone, parameters_an_element};
//! use ebm_core::tape::SharedTape;
//!
//! // a = w = s = c = 0: m(u) = u + tanh u.
//! assert_eq!(parameters_an_element(1), 4);
//! let off = SharedTape::off();
//! let u: Matrix = device().tensor_from_vec(vec![0.5], (1, 1));
//! let parameters: Matrix = device().tensor_from_vec(vec![0.0; 4], (1, 4));
//! let y = monotone(off.watch(&u), off.watch(&parameters), 1, 1);
//! assert!((f64::from(values(&y)[0]) - (0.5 + 0.5f64.tanh())).abs() < 1e-6);
//! ```

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, Real};
use crate::kernels::math::{exp, tanh, vectorised};
use crate::tape::SharedTape;

/// Parameters an element: a, then K each of w, c and s.
pub fn parameters_an_element(steps: usize) -> usize {
    1 + 3 * steps
}

/// Applies m elementwise: `u` is `[rows, n]`, `parameters` `[rows, n (1 + 3K)]`; rows of values, then rows of tangents.
pub fn monotone(
    u: Matrix<SharedTape>,
    parameters: Matrix<SharedTape>,
    primal: usize,
    steps: usize,
) -> Matrix<SharedTape> {
    let ((u, tape), (p, other)) = (u.split_tape(), parameters.split_tape());
    let mut tape = tape.merge(other);
    let (rows, n) = *u.shape();
    let width = parameters_an_element(steps);
    assert_eq!(*p.shape(), (rows, n * width), "parameters of a monotone function");
    let elements = primal * n;
    let saved = Saved::new(&read(&u)[..elements], &read(&p)[..elements * width], steps);
    let y: Vec<Real> = {
        let (u, p) = (read(&u), read(&p));
        (0..rows * n)
            .map(|i| {
                let e = Element::at(i % elements, &u, &saved, steps);
                if i < elements {
                    e.value()
                } else {
                    e.tangent(u[i], &p[i * width..(i + 1) * width])
                }
            })
            .collect()
    };
    let y = buffers::tensor(y, (rows, n));
    if tape.is_recording() {
        let (yg, ug, pg) = (y.ghost(), u.ghost(), p.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let (mut gu, mut gp) = (vec![0.0; rows * n], vec![0.0; rows * n * width]);
            {
                let (u, p) = (read(&u), read(&p));
                for i in 0..rows * n {
                    let sample = i % elements;
                    let e = Element::at(sample, &u, &saved, steps);
                    let own = i * width..(i + 1) * width;
                    // The first order: of a value in its own inputs, of a tangent in the tangents it is linear in.
                    gu[i] += g[i] * e.slope(&mut gp[own.clone()], g[i]);
                    if i >= elements {
                        let base = sample * width..(sample + 1) * width;
                        gu[sample] += e.curvature(u[i], &p[own], g[i], &mut gp[base]);
                    }
                }
            }
            let add = |to: &mut [Real], from: &[Real]| to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
            gradients.get_or_alloc_mut(&ug)?.update(|to| add(to, &gu))?;
            gradients.get_or_alloc_mut(&pg)?.update(|to| add(to, &gp))
        });
    }
    y.put_tape(tape)
}

/// The transcendental functions of every element, each computed once.
struct Saved {
    /// e^a
    rate: Vec<Real>,
    /// q = e^w, r = e^s, v = r (u - c), t = tanh v: `[elements, K]` each.
    heights: Vec<Real>,
    rates: Vec<Real>,
    angles: Vec<Real>,
    steps: Vec<Real>,
}

impl Saved {
    fn new(u: &[Real], p: &[Real], count: usize) -> Self {
        let width = parameters_an_element(count);
        let mut saved = Self {
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
            saved
                .steps
                .iter_mut()
                .zip(&saved.angles)
                .for_each(|(t, v)| *t = tanh(*v));
        });
        saved
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};
    use crate::kernels::columns::take_columns;

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        // Two elements a row with K = 2: columns 0 and 1 are u, the other 14 the parameters.
        let case = Case {
            name: "monotone".into(),
            input: (3, 16),
            arrays: vec![],
        };
        check::operation(&case, |x, primal, _| {
            let u = take_columns(x.clone(), &[0, 1]);
            let parameters = take_columns(x, &(2..16).collect::<Vec<_>>());
            monotone(u, parameters, primal, 2)
        });
    }

    #[test]
    fn values_are_those_of_the_formula() {
        // a = ln 2, w = 0, c = 1, s = 0 at u = 1.5: 3 + tanh 0.5 = 3.462117
        let u = buffers::tensor(vec![1.5], (1, 1)).put_tape(SharedTape::off());
        let p = buffers::tensor(vec![2f64.ln() as Real, 0.0, 1.0, 0.0], (1, 4)).put_tape(SharedTape::off());
        let y = monotone(u, p, 1, 1).as_vec()[0];
        assert!((f64::from(y) - 3.462_117).abs() < 1e-5, "{y}");
    }
}
