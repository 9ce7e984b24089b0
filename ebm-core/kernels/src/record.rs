//! Recording an operation and its derivative on the tape.

use dfdx::prelude::*;

use crate::buffers::native::{GradMut, GradientBuffer, OwnedGrad};
use crate::device::{Dev, DevResult, Real};
use crate::tape::{SharedTape, Taped};

type Values<S> = Tensor<S, Real, Dev>;

/// Puts `y`, which was computed from `x` alone, on the tape of `x`. `vjp` is given the gradient of `x`, to add to, and that of
/// `y`, which nobody else will ask for.
pub fn record_unary<X: Shape, Y: Shape>(
    mut tape: SharedTape,
    x: &Values<X>,
    y: Values<Y>,
    vjp: impl FnOnce(GradMut, OwnedGrad) -> DevResult + 'static,
) -> Taped<Y> {
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| vjp(gx, g))
        });
    }
    y.put_tape(tape)
}

/// Puts `y`, which was computed from `a` and `b`, on their tape. Where the gradient of `a` is not wanted, as that of an array
/// which is not trained, `a` is missing.
pub fn record_binary<A: Shape, B: Shape, Y: Shape>(
    mut tape: SharedTape,
    a: Option<&Values<A>>,
    b: &Values<B>,
    y: Values<Y>,
    vjp_in_a: impl FnOnce(GradMut, &OwnedGrad) -> DevResult + 'static,
    vjp_in_b: impl FnOnce(GradMut, OwnedGrad) -> DevResult + 'static,
) -> Taped<Y> {
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.map(|a| a.ghost()), b.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(ag) = ag {
                gradients.get_or_alloc_mut(&ag)?.update(|ga| vjp_in_a(ga, &g))?;
            }
            gradients.get_or_alloc_mut(&bg)?.update(|gb| vjp_in_b(gb, g))
        });
    }
    y.put_tape(tape)
}
