//! Recording an operation and its derivative on the tape.

use dfdx::prelude::*;

use crate::buffers::native::{GradMut, GradientBuffer, OwnedGrad};
use crate::device::{Dev, DevResult, Real};
use crate::tape::{SharedTape, Taped};

type Values<S> = Tensor<S, Real, Dev>;

/// Puts `y` on the tape. `vjp` is given the gradient of `y`, which nobody else will ask for.
pub fn record<Y: Shape>(
    mut tape: SharedTape,
    y: Values<Y>,
    vjp: impl FnOnce(&mut Gradients<Real, Dev>, OwnedGrad) -> DevResult + 'static,
) -> Taped<Y> {
    if tape.is_recording() {
        let yg = y.ghost();
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            vjp(gradients, g)
        });
    }
    y.put_tape(tape)
}

/// Puts `y`, which was computed from `x` alone, on the tape of `x`. `vjp` is given the gradient of `x`, to add to, and that of `y`.
pub fn record_unary<X: Shape, Y: Shape>(
    tape: SharedTape,
    x: &Values<X>,
    y: Values<Y>,
    vjp: impl FnOnce(GradMut, OwnedGrad) -> DevResult + 'static,
) -> Taped<Y> {
    let xg = x.ghost();
    record(tape, y, move |gradients, g| gradients.get_or_alloc_mut(&xg)?.update(|gx| vjp(gx, g)))
}

/// Puts `y`, which was computed from `a` and `b`, on their tape. Where the gradient of `a` is not wanted, as that of an array
/// which is not trained, `a` is missing.
pub fn record_binary<A: Shape, B: Shape, Y: Shape>(
    tape: SharedTape,
    a: Option<&Values<A>>,
    b: &Values<B>,
    y: Values<Y>,
    vjp_in_a: impl FnOnce(GradMut, &OwnedGrad) -> DevResult + 'static,
    vjp_in_b: impl FnOnce(GradMut, OwnedGrad) -> DevResult + 'static,
) -> Taped<Y> {
    let (ag, bg) = (a.map(|a| a.ghost()), b.ghost());
    record(tape, y, move |gradients, g| {
        if let Some(ag) = ag {
            gradients.get_or_alloc_mut(&ag)?.update(|ga| vjp_in_a(ga, &g))?;
        }
        gradients.get_or_alloc_mut(&bg)?.update(|gb| vjp_in_b(gb, g))
    })
}
