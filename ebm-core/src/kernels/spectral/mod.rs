//! Spectral normalisation: `W / sigma(W)` with the largest singular value by power iteration (Miyato et al., ICLR 2018).
//!
//! ```
//! use ebm_core::device::{PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::spectral::{SingularPair, normalised, power_iteration};
//! use ebm_core::tape::SharedTape;
//!
//! // diag(4, 1): the largest singular value is 4.
//! let weight = vec![4.0, 0.0, 0.0, 1.0];
//! let pair: SingularPair = power_iteration(&weight, &[0.6, 0.8], 20);
//! assert!((pair.left[0] - 1.0).abs() < 1e-6 && pair.right[1].abs() < 1e-6);
//! let weight: PerSample = device().tensor_from_vec(weight, (4,));
//! let divided = values(&normalised(&weight, &pair, &SharedTape::off(), false));
//! assert!((divided[0] - 1.0).abs() < 1e-6 && (divided[3] - 0.25).abs() < 1e-6);
//! ```

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{PerSample, Real};
use crate::kernels::gemm::{Product, matrix};
use crate::tape::SharedTape;

/// Unit singular vectors as far as the iteration has come.
#[derive(Clone, Debug, PartialEq)]
pub struct SingularPair {
    /// u of `u^T W v`, `[outputs]`.
    pub left: Vec<Real>,
    /// v of `u^T W v`, `[inputs]`.
    pub right: Vec<Real>,
}

/// Steps of the power iteration from a left vector; the value stays below the true one until it converges.
pub fn power_iteration(weight: &[Real], left: &[Real], steps: usize) -> SingularPair {
    let (outputs, inputs) = (left.len(), weight.len() / left.len());
    let w = matrix(weight, outputs, inputs);
    let mut left = left.to_vec();
    let mut right = vec![0.0; inputs];
    for _ in 0..steps {
        Product {
            a: matrix(&left, 1, outputs),
            b: w,
        }
        .write(&mut right);
        normalise(&mut right);
        Product {
            a: w,
            b: matrix(&right, inputs, 1),
        }
        .write(&mut left);
        normalise(&mut left);
    }
    SingularPair { left, right }
}

fn normalise(v: &mut [Real]) {
    let norm = v.iter().map(|x| x * x).sum::<Real>().sqrt().max(1e-12);
    v.iter_mut().for_each(|x| *x /= norm);
}

/// `W / (u^T W v)`, differentiable in W with u and v held fixed (exact where they are the singular vectors).
pub fn normalised(weight: &PerSample, pair: &SingularPair, tape: &SharedTape, trains: bool) -> PerSample {
    let (u, v) = (pair.left.clone(), pair.right.clone());
    let inputs = v.len();
    let (sigma, values) = {
        let w = read(weight);
        let row = |i: usize| -> Real { w[i * inputs..(i + 1) * inputs].iter().zip(&v).map(|(w, v)| w * v).sum() };
        let sigma: Real = u.iter().enumerate().map(|(i, u)| u * row(i)).sum();
        let sigma = sigma.max(1e-12);
        (sigma, w.iter().map(|w| w / sigma).collect::<Vec<_>>())
    };
    let y = buffers::tensor(values, *weight.shape());
    if trains {
        let (yg, weight) = (y.ghost(), weight.clone());
        let y_values = y.clone();
        tape.clone().add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            // d(W/sigma) = dW/sigma - W/sigma^2 u^T dW v
            let along: Real = g.iter().zip(read(&y_values).iter()).map(|(g, y)| g * y).sum();
            gradients.get_or_alloc_mut(&weight)?.update(|gw| {
                for (i, u) in u.iter().enumerate() {
                    for (j, v) in v.iter().enumerate() {
                        gw[i * inputs + j] += (g[i * inputs + j] - along * u * v) / sigma;
                    }
                }
            })
        });
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check;

    #[test]
    fn the_iteration_finds_the_largest_singular_value() {
        // diag(3, 1) rotated is still of norm 3: W = R diag(3, 1), R a rotation by 0.7.
        let (s, c) = (0.7 as Real).sin_cos();
        let w = [3.0 * c, -s, 3.0 * s, c];
        let pair = power_iteration(&w, &[0.6, 0.8], 30);
        let tape = SharedTape::off();
        let normal = normalised(&buffers::tensor(w.to_vec(), (4,)), &pair, &tape, false).as_vec();
        for (n, w) in normal.iter().zip(w) {
            assert!((n - w / 3.0).abs() < 1e-5, "{normal:?}");
        }
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let weight = check::array(6, 0.8, 1);
        let weights = check::array(6, 1.0, 2).as_vec();
        let left = check::array(2, 1.0, 3).as_vec();
        let loss = |w: &[Real]| -> f64 {
            let pair = power_iteration(w, &left, 200);
            let y = normalised(&buffers::tensor(w.to_vec(), (6,)), &pair, &SharedTape::off(), false);
            y.as_vec()
                .iter()
                .zip(&weights)
                .map(|(y, c)| f64::from(*y) * f64::from(*c))
                .sum()
        };
        let tape = SharedTape::inputs_only();
        let pair = power_iteration(&weight.as_vec(), &left, 200);
        let y = normalised(&weight, &pair, &tape, true);
        let y = crate::kernels::row_dot(
            tape.watch(&y).reshape_like(&(1usize, 6usize)),
            tape.watch(&buffers::tensor(weights.clone(), (1usize, 6usize))),
        );
        let ours = crate::tape::backward(crate::kernels::sum(y)).of(&weight).as_vec();
        let at = weight.as_vec();
        for i in 0..6 {
            let mut moved = at.clone();
            moved[i] += check::STEP;
            let above = loss(&moved);
            moved[i] -= 2.0 * check::STEP;
            let truth = (above - loss(&moved)) / (2.0 * f64::from(check::STEP));
            check::close(&format!("value {i}"), f64::from(ours[i]), truth, truth.abs());
        }
    }
}
