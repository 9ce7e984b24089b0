//! Spectral normalisation: `W / sigma(W)` with the largest singular value by power iteration (Miyato et al., ICLR 2018).
//!
//! ```
//! use ebm_kernels::device::{PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::spectral::{SingularPair, normalised, power_iteration};
//! use ebm_kernels::tape::SharedTape;
//!
//! // diag(4, 1): the largest singular value is 4.
//! let weight: PerSample = device().tensor_from_vec(vec![4.0, 0.0, 0.0, 1.0], (4,));
//! let start: PerSample = device().tensor_from_vec(vec![0.6, 0.8], (2,));
//! let pair: SingularPair = power_iteration(&weight, &start, 20);
//! assert!((values(&pair.left)[0] - 1.0).abs() < 1e-6 && values(&pair.right)[1].abs() < 1e-6);
//! let divided = values(&normalised(&weight, &pair, &SharedTape::off(), false));
//! assert!((divided[0] - 1.0).abs() < 1e-6 && (divided[3] - 0.25).abs() < 1e-6);
//! ```

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::buffers::native::GradientBuffer;
use crate::device::{PerSample, Real};
use crate::tape::SharedTape;

/// Norms are taken to be no smaller than this.
const SMALLEST: Real = 1e-12;

/// Unit singular vectors as far as the iteration has come.
#[derive(Clone, Debug)]
pub struct SingularPair {
    /// u of `u^T W v`, `[outputs]`.
    pub left: PerSample,
    /// v of `u^T W v`, `[inputs]`.
    pub right: PerSample,
}

/// Steps of the power iteration from a left vector; the value stays below the true one until it converges.
///
/// # Panics
/// If the weights do not fill rows for the vector.
pub fn power_iteration(weight: &PerSample, left: &PerSample, steps: usize) -> SingularPair {
    let ((count,), (outputs,)) = (*weight.shape(), *left.shape());
    assert!(
        outputs > 0 && count.is_multiple_of(outputs),
        "{count} weights of {outputs} outputs"
    );
    side::power_iteration(weight, left, steps)
}

/// `W / (u^T W v)`, differentiable in W with u and v held fixed (exact where they are the singular vectors).
pub fn normalised(weight: &PerSample, pair: &SingularPair, tape: &SharedTape, trains: bool) -> PerSample {
    let (y, norm) = side::divided(weight, pair);
    if trains {
        let (yg, weight, pair) = (y.ghost(), weight.clone(), pair.clone());
        let values = y.clone();
        tape.clone().add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            // d(W/sigma) = dW/sigma - W/sigma^2 u^T dW v
            gradients
                .get_or_alloc_mut(&weight)?
                .update(|gw| side::add_gradient(gw, &g, &values, &pair, &norm))
        });
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check;

    #[test]
    fn the_iteration_finds_the_largest_singular_value() {
        // diag(3, 1) rotated is still of norm 3: W = R diag(3, 1), R a rotation by 0.7.
        let (s, c) = (0.7 as Real).sin_cos();
        let w = [3.0 * c, -s, 3.0 * s, c];
        let (weight, start) = (buffers::tensor(w.to_vec(), (4,)), buffers::tensor(vec![0.6, 0.8], (2,)));
        let pair = power_iteration(&weight, &start, 30);
        let normal = normalised(&weight, &pair, &SharedTape::off(), false).as_vec();
        for (n, w) in normal.iter().zip(w) {
            assert!((n - w / 3.0).abs() < 1e-5, "{normal:?}");
        }
    }

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let weight = check::array(6, 0.8, 1);
        let weights = check::array(6, 1.0, 2).as_vec();
        let left = check::array(2, 1.0, 3);
        let loss = |w: &[Real]| -> f64 {
            let weight = buffers::tensor(w.to_vec(), (6,));
            let pair = power_iteration(&weight, &left, 200);
            let y = normalised(&weight, &pair, &SharedTape::off(), false);
            y.as_vec()
                .iter()
                .zip(&weights)
                .map(|(y, c)| f64::from(*y) * f64::from(*c))
                .sum()
        };
        let tape = SharedTape::inputs_only();
        let pair = power_iteration(&weight, &left, 200);
        let y = normalised(&weight, &pair, &tape, true);
        let y = crate::row_dot(
            tape.watch(&y).reshape_like(&(1usize, 6usize)),
            tape.watch(&buffers::tensor(weights.clone(), (1usize, 6usize))),
        );
        let ours = crate::tape::backward(crate::sum(y)).of(&weight).as_vec();
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
