//! Spectral normalisation: `W / sigma(W)` with the largest singular value by power iteration (Miyato et al., ICLR 2018).

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;
use crate::reduce::backend::add_dot;
use crate::selftest::Quantity::{InWeights, Value};
use crate::tape::Parts;

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
    assert!(outputs > 0 && count.is_multiple_of(outputs), "{count} weights of {outputs} outputs");
    let inputs = count / outputs;
    let mut pair = SingularPair { left: left.clone(), right: filled((inputs,), |_| Ok(())) };
    let times = |a: Factor, b: Factor, mut y: Out| {
        let n = y.len();
        gemm::write(a, b, part_mut(&mut y, 0..n))?;
        backend::make_unit(n, SMALLEST, y)
    };
    let weight = run(|| stored(weight));
    let weight = Factor::new(weight.read(), outputs, inputs);
    for _ in 0..steps {
        pair.right = filled((inputs,), |y| times(Factor::new(stored(&pair.left)?.read(), 1, outputs), weight, y));
        pair.left = filled((outputs,), |y| times(weight, Factor::new(stored(&pair.right)?.read(), inputs, 1), y));
    }
    pair
}

/// `W / (u^T W v)`, differentiable in W with u and v held fixed (exact where they are the singular vectors).
pub fn normalised(weight: &PerSample, pair: &SingularPair, tape: &SharedTape, trains: bool) -> PerSample {
    let ((outputs,), (inputs,)) = (*pair.left.shape(), *pair.right.shape());
    let norm: Scalar = filled((), |norm| {
        let (weight, left, right) = (stored(weight)?, stored(&pair.left)?, stored(&pair.right)?);
        backend::norm(outputs, inputs, weight.read(), left.read(), right.read(), norm)
    });
    let y = filled(*weight.shape(), |y| {
        backend::divide_by_norm(y.len(), SMALLEST, stored(&norm)?.read(), stored(weight)?.read(), y)
    });
    if trains {
        let (yg, weight, pair, values) = (y.ghost(), weight.clone(), pair.clone(), y.clone());
        tape.clone().add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            // d(W/sigma) = dW/sigma - W/sigma^2 u^T dW v
            let mut along = zeros(1)?;
            add_dot(view(&g), stored(&values)?.read(), view_mut(&mut along))?;
            let (norm, left, right) = (stored(&norm)?, stored(&pair.left)?, stored(&pair.right)?);
            let (norm, along, left, right) = (norm.read(), view(&along), left.read(), right.read());
            gradients.get_or_alloc_mut(&weight)?.update(|gw| {
                backend::divide_by_norm_backward(outputs, inputs, SMALLEST, norm, along, left, right, view(&g), gw)
            })
        });
    }
    y
}

/// What weights `[outputs, inputs]` are divided by after one step of the iteration from `left`, and by how much it may be off,
/// relatively.
pub fn spectral_norm(weights: &[f64], left: &[f64], inputs: usize) -> (f64, f64) {
    let smallest = f64::from(SMALLEST);
    let length = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut right = vec![0.0; inputs];
    for (row, u) in weights.chunks_exact(inputs).zip(left) {
        right.iter_mut().zip(row).for_each(|(v, w)| *v += w * u);
    }
    let scale = length(&right).max(smallest);
    let image = weights.chunks_exact(inputs).map(|row| row.iter().zip(&right).map(|(w, v)| w * v / scale).sum::<f64>());
    let norm = length(&image.collect::<Vec<_>>()).max(smallest);
    // The rounding of each product is at most `gamma` of the Frobenius norm.
    let (gamma, frobenius) = ((inputs + left.len() + 16) as f64 * f64::EPSILON, length(weights));
    let of_right = gamma * (1.0 + frobenius * length(left) / scale);
    let error = 4.0 * frobenius * (of_right + gamma) / norm;
    // The weights are off by the error of 1 / norm, which is of this order only where it is small.
    (norm, if error < 1.0 { error } else { f64::INFINITY })
}

crate::selftest_cases!(|| {
    let case = |name, of: &'static str, f: fn(&PerSample, SingularPair) -> _, steps| {
        Case::kernel(name, move || {
            let weight = vector(numbers(&format!("{of}/weight"), 40 * 30));
            let left = vector(numbers(&format!("{of}/left"), 40));
            f(&weight, power_iteration(&weight, &left, steps))
        })
    };
    let iterated = |_: &PerSample, pair: SingularPair| {
        let ((value, left), (_, right)) = (Value.of(&pair.left), Value.of(&pair.right));
        vec![(value, [left, right].concat())]
    };
    let normalised = |weight: &PerSample, pair: SingularPair| {
        let tape = SharedTape::training(Parts::ENERGY);
        let y = normalised(weight, &pair, &tape, true);
        let weights = vector(numbers("normalised/weights", 40 * 30));
        let mut gradients = vjp(tape.watch(&y), &weights);
        vec![Value.of(&y), InWeights.of(&gradients.of(weight))]
    };
    vec![case("power_iteration", "iterated", iterated, 3), case("normalised", "normalised", normalised, 1)]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_iteration_finds_the_largest_singular_value() {
        // diag(3, 1) rotated is still of norm 3: W = R diag(3, 1), R a rotation by 0.7.
        let (s, c) = (0.7 as Real).sin_cos();
        let w = [3.0 * c, -s, 3.0 * s, c];
        let (weight, start) = (buffers::tensor(w.to_vec(), (4,)), buffers::tensor(vec![0.6, 0.8], (2,)));
        let pair = power_iteration(&weight, &start, 30);
        let normal = normalised(&weight, &pair, &SharedTape::off(), false).as_vec();
        check::all_close(&normal, w.map(|w| w / 3.0), 5e-6);
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
            y.as_vec().iter().zip(&weights).map(|(y, c)| f64::from(*y) * f64::from(*c)).sum()
        };
        let tape = SharedTape::inputs_only();
        let pair = power_iteration(&weight, &left, 200);
        let y = tape.watch(&normalised(&weight, &pair, &tape, true));
        let ours = vjp(y, &buffers::tensor(weights.clone(), (6,))).of(&weight).as_vec();
        check::gradient("spectral norm", &ours, &weight.as_vec(), loss);
    }
}
