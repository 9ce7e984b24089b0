//! A strictly increasing function with given parameters, a sum of steps:
//! `m(u) = e^a u + sum_k e^{w_k} tanh(e^{s_k} (u - c_k))`.
//!
//! Every element has parameters of its own, so that a network can choose them: the transformation of a coupling flow.
//! a, w and s count as at most 8 in magnitude, so that nothing overflows where the network extrapolates.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::columns::take_columns;
use crate::prelude::*;
use backend::Saved;

/// The largest exponent: slopes and steps within a factor of about 3,000 of 1, beyond what samples in single precision tell of.
const LIMIT: Real = 8.0;

/// Elements of a block, blocks of values and tangents, and steps.
type Sizes = (usize, usize, usize);

/// The number of parameters an element: a, then K each of w, c and s.
pub fn parameters_an_element(steps: usize) -> usize {
    1 + 3 * steps
}

/// Applies m elementwise: `u` is `[rows, n]`, `parameters` `[rows, n (1 + 3K)]`; rows of values, then rows of tangents.
///
/// # Panics
/// If there are not so many parameters.
pub fn monotone(
    u: Matrix<SharedTape>,
    parameters: Matrix<SharedTape>,
    primal: usize,
    steps: usize,
) -> Matrix<SharedTape> {
    let ((u, tape), (p, other)) = (u.split_tape(), parameters.split_tape());
    let (rows, n) = *u.shape();
    let width = parameters_an_element(steps);
    assert_eq!(*p.shape(), (rows, n * width), "parameters of a monotone function");
    let sizes = (primal * n, rows / primal, steps);
    let saved = run(|| Saved::new(primal * n, steps, stored(&u)?.read(), stored(&p)?.read()));
    let y = filled((rows, n), |y| saved.forward(sizes, stored(&u)?.read(), stored(&p)?.read(), y));
    let (ug, pg) = (u.ghost(), p.ghost());
    record(tape.merge(other), y, move |gradients, g| {
        let (u, p) = (stored(&u)?, stored(&p)?);
        let (mut gu, mut gp) = (zeros(rows * n)?, zeros(rows * n * width)?);
        saved.backward(sizes, u.read(), p.read(), view(&g), view_mut(&mut gu), view_mut(&mut gp))?;
        gradients.get_or_alloc_mut(&ug)?.update(|to| accumulate(to, &gu))?;
        gradients.get_or_alloc_mut(&pg)?.update(|to| accumulate(to, &gp))
    })
}

crate::selftest_cases!(|| {
    let (steps, width) = (5, parameters_an_element(5));
    vec![Operation::new("monotone", 37, 2 + 2 * width).case(move |x, primal, _| {
        let parameters: Vec<usize> = (2..2 + 2 * width).collect();
        let (u, parameters) = (take_columns(x.clone(), &[0, 1]), take_columns(x, &parameters));
        monotone(u, parameters, primal, steps)
    })]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_beyond_the_limit_count_as_the_limit_and_do_not_move() {
        // Two elements: the exponents of one beyond the limit, those of the other at it. Tangents along u and all parameters.
        let slopes = |beyond: Real| {
            let x = buffers::tensor(vec![0.3, 0.3, 1.0, 1.0], (2, 2));
            let own = [[beyond, -beyond, 0.3, beyond], [LIMIT, -LIMIT, 0.3, LIMIT]].concat();
            let p = buffers::tensor([own, vec![1.0, 2.0, 0.5, 3.0, 0.0, 0.0, 0.5, 0.0]].concat(), (2, 8));
            let tape = SharedTape::inputs_only();
            let y = monotone(tape.watch(&x), tape.watch(&p), 1, 1);
            let values = y.as_vec();
            let mut gradients = crate::tape::backward(y.sum());
            (values, gradients.of(&x).as_vec(), gradients.of(&p).as_vec())
        };
        let (y, gu, gp) = slopes(100.0);
        assert_eq!([y[0], y[2]], [y[1], y[3]]);
        assert_eq!([gu[0], gu[2]], [gu[1], gu[3]]);
        assert_eq!([0, 1, 3, 8, 9, 11].map(|at| gp[at]), [0.0; 6], "{gp:?}");
        assert_eq!([gp[2], gp[10]], [gp[6], gp[14]]);
        assert!(y.iter().chain(&gp).all(|v| v.is_finite()) && gp[4] != 0.0);
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
