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
    use crate::check::{self, Case};

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
