//! The sum of two branches: `y = a + b`.

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, Real};
use crate::kernels::math::vectorised;
use crate::tape::SharedTape;

/// `a + b` of the same shape, for values and tangents alike.
///
/// # Panics
/// If the shapes differ.
pub fn add(a: Matrix<SharedTape>, b: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    let mut tape = tape.merge(other);
    let shape = *a.shape();
    assert_eq!(shape, *b.shape(), "a sum of two shapes");
    let mut y = read(&a).into_owned();
    plus(&mut y, &read(&b));
    let y = buffers::tensor(y, shape);
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.ghost(), b.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&ag)?.update(|ga| plus(ga, &g))?;
            gradients.get_or_alloc_mut(&bg)?.update(|gb| plus(gb, &g))
        });
    }
    y.put_tape(tape)
}

fn plus(to: &mut [Real], from: &[Real]) {
    vectorised(|| to.iter_mut().zip(from).for_each(|(t, f)| *t += f));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};
    use crate::kernels::scale::scale;

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "sum of branches".into(),
            input: (3, 4),
            arrays: vec![(1, 1.7)],
        };
        check::operation(&case, |x, _, arrays| add(x.clone(), scale(x, &arrays[0], true)));
    }
}
