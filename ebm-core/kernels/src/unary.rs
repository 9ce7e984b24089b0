//! Operations of one tensor on the tape.

use dfdx::prelude::*;

use crate::buffers::native::{Added, GradientBuffer, Taken};
use crate::device::{Dev, DevError, Real, Taped};
use crate::tape::SharedTape;

/// `y`, which was computed from `x` alone, on the tape of `x`. `add_gradient` is given the gradient of `x`, to add to, and that
/// of `y`, which nobody else will ask for.
pub fn recorded<X: Shape, Y: Shape>(
    mut tape: SharedTape,
    x: &Tensor<X, Real, Dev>,
    y: Tensor<Y, Real, Dev>,
    add_gradient: impl FnOnce(Added, Taken) -> Result<(), DevError> + 'static,
) -> Taped<Y> {
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| add_gradient(gx, g))
        });
    }
    y.put_tape(tape)
}
