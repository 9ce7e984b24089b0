//! Multiplication by one learned number: `y = a x`.

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
use crate::device::{PerSample, Taped};

/// `a x` for values and tangents alike; `factor` is `[1]`.
pub fn scale<S: Shape>(x: Taped<S>, factor: &PerSample, trains: bool) -> Taped<S> {
    let (x, mut tape) = x.split_tape();
    let y = side::multiple(&x, factor);
    if tape.is_recording() {
        let (yg, xg, factor) = (y.ghost(), x.ghost(), factor.clone());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if trains {
                gradients
                    .get_or_alloc_mut(&factor)?
                    .update(|gf| side::add_product(gf, &g, &x))?;
            }
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_multiple(gx, &g, &factor))
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
            name: "scale".into(),
            input: (4, 2),
            arrays: vec![(1, 1.7)],
        };
        check::operation(&case, |x, _, arrays| scale(x, &arrays[0], true));
    }
}
