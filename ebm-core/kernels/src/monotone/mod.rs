//! A strictly increasing function with given parameters, a sum of steps:
//! `m(u) = e^a u + sum_k e^{w_k} tanh(e^{s_k} (u - c_k))`.
//!
//! Every element has parameters of its own, so that a network can choose them: the transformation of a coupling flow.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::monotone::{monotone, parameters_an_element};
//! use ebm_kernels::tape::SharedTape;
//!
//! // a = w = s = c = 0: m(u) = u + tanh u.
//! assert_eq!(parameters_an_element(1), 4);
//! let off = SharedTape::off();
//! let u: Matrix = device().tensor_from_vec(vec![0.5], (1, 1));
//! let parameters: Matrix = device().tensor_from_vec(vec![0.0; 4], (1, 4));
//! let y = monotone(off.watch(&u), off.watch(&parameters), 1, 1);
//! assert!((f64::from(values(&y)[0]) - (0.5 + 0.5f64.tanh())).abs() < 1e-6);
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

use crate::buffers::native::{GradientBuffer, plus};
use crate::device::Matrix;
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
    let (y, saved) = side::forward(&u, &p, elements, steps);
    if tape.is_recording() {
        let (yg, ug, pg) = (y.ghost(), u.ghost(), p.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let (gu, gp) = side::backward(&u, &p, &saved, elements, steps, &g)?;
            gradients.get_or_alloc_mut(&ug)?.update(|to| plus(to, &gu))?;
            gradients.get_or_alloc_mut(&pg)?.update(|to| plus(to, &gp))
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};
    use crate::columns::take_columns;
    use crate::device::Real;

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
