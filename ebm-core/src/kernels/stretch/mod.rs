//! A positive factor a column: `y_c = e^{l_c} x_c`.

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
use crate::device::{Matrix, PerSample};
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
    let y = side::stretched(&x, logarithms);
    if tape.is_recording() {
        let (yg, xg, logarithms) = (y.ghost(), x.ghost(), logarithms.clone());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if trains {
                gradients
                    .get_or_alloc_mut(&logarithms)?
                    .update(|gl| side::add_to_logarithms(gl, &g, &x, &logarithms))?;
            }
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_stretched(gx, &g, &logarithms))
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
