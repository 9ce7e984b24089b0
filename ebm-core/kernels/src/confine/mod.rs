//! The quadratic confinement of an energy: `y + kappa/2 ||x||^2`.

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
use crate::device::{Matrix, Real};
use crate::tape::SharedTape;

/// Adds `kappa/2 ||x||^2` to the values and `kappa <x, t>` to the tangents.
///
/// `y` is `[rows, 1]`, `x` is `[rows, D]`; the first `primal` rows are values.
pub fn confine(y: Matrix<SharedTape>, x: Matrix<SharedTape>, primal: usize, kappa: Real) -> Matrix<SharedTape> {
    let ((y, tape), (x, other)) = (y.split_tape(), x.split_tape());
    let mut tape = tape.merge(other);
    let out = side::confined(&y, &x, primal, kappa);
    if tape.is_recording() {
        let (og, yg, xg) = (out.ghost(), y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&og)?.take()?;
            gradients.get_or_alloc_mut(&yg)?.update(|gy| plus(gy, &g))?;
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_confined(gx, &g, &x, primal, kappa))
        });
    }
    out.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Case};
    use crate::dense::{Activation, Dense, dense};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "confine".into(),
            input: (4, 3),
            arrays: vec![(3, 0.7)],
        };
        check::operation(&case, |x, primal, arrays| {
            let layer = Dense {
                weight: arrays[0].clone(),
                bias: None,
                slope: None,
                inputs: 3,
                outputs: 1,
                activation: Activation::Tanh,
                trains: true,
            };
            confine(dense(x.clone(), primal, layer), x, primal, 0.8)
        });
    }
}
