//! A positive factor a column: `y_c = e^{l_c} x_c`.

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample, Real};
use crate::tape::SharedTape;

/// `e^l x` for values and tangents alike; `logarithms` is `[columns]`.
///
/// ```
/// use ebm_core::device::{Matrix, PerSample, Real, device, values};
/// # use dfdx::prelude::*;
/// use ebm_core::kernels::stretch::stretch;
/// use ebm_core::tape::SharedTape;
///
/// let x: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
/// let logarithms: PerSample = device().tensor_from_vec(vec![0.0, 10f64.ln() as Real], (2,));
/// let y = values(&stretch(SharedTape::off().watch(&x), &logarithms, false));
/// assert_eq!((y[0], y[2]), (1.0, 3.0));
/// assert!((y[1] - 20.0).abs() < 1e-4 && (y[3] - 40.0).abs() < 1e-4);
/// ```
pub fn stretch(x: Matrix<SharedTape>, logarithms: &PerSample, trains: bool) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, columns) = *x.shape();
    let factors: Vec<Real> = read(logarithms).iter().map(|l| l.exp()).collect();
    let mut y = read(&x).into_owned();
    for row in y.chunks_exact_mut(columns) {
        row.iter_mut().zip(&factors).for_each(|(v, f)| *v *= f);
    }
    let y = buffers::tensor(y, (rows, columns));
    if tape.is_recording() {
        let (yg, xg, logarithms) = (y.ghost(), x.ghost(), logarithms.clone());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            for row in g.chunks_exact_mut(columns) {
                row.iter_mut().zip(&factors).for_each(|(g, f)| *g *= f);
            }
            if trains {
                let x = read(&x);
                gradients.get_or_alloc_mut(&logarithms)?.update(|gl| {
                    for (g, x) in g.chunks_exact(columns).zip(x.chunks_exact(columns)) {
                        gl.iter_mut().zip(g).zip(x).for_each(|((l, g), x)| *l += g * x);
                    }
                })?;
            }
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| gx.iter_mut().zip(&g).for_each(|(x, g)| *x += g))
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "stretch".into(),
            input: (4, 3),
            arrays: vec![(3, 0.7)],
        };
        check::operation(&case, |x, _, arrays| stretch(x, &arrays[0], true));
    }
}
