//! The end of an operation on images: an activation whose derivatives can be read off its value.
//!
//! It is applied while the values are in cache, and nothing but the values is kept for the backward pass. With `y = phi(a)`
//! and tangents `t_k = phi'(a) s_k`, both derivatives that the backward pass needs follow from y and t:
//! `phi' = slope(y)` and `phi'' s_k = bend(y) t_k`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
pub(crate) mod backend;

use crate::prelude::*;

/// An activation that an operation may end with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epilogue {
    /// x
    Identity,
    /// max(x, 0) + a min(x, 0) with a constant a >= 0
    Leaky(Real),
    /// tanh x
    Tanh,
}

/// The activation on its own, for `[(1+K) * primal, width]`: values in the first `primal` rows, tangents below.
pub fn end(x: Matrix<SharedTape>, primal: usize, epilogue: Epilogue) -> Matrix<SharedTape> {
    if epilogue == Epilogue::Identity {
        return x;
    }
    let (x, tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let y = filled((rows, width), |y| backend::end(primal * width, rows / primal, epilogue, stored(&x)?.read(), y));
    let kept = y.clone();
    record_unary(tape, &x, y, move |gx, mut g| {
        vjp(&mut g, &kept, primal, epilogue)?;
        accumulate(gx, &g)
    })
}

/// Turns the cotangents of `y` into those before the epilogue, in place.
pub(crate) fn vjp(g: &mut OwnedGrad, y: &Matrix, primal: usize, epilogue: Epilogue) -> DevResult {
    let (rows, width) = *y.shape();
    backend::vjp_of_epilogue(primal * width, rows / primal, epilogue, stored(y)?.read(), view_mut(g))
}

crate::selftest_cases!(|| {
    let case = |(of, epilogue): (&str, Epilogue)| {
        let operation = Operation::new(format!("end: {of}"), 37, 40).kinked(matches!(epilogue, Epilogue::Leaky(_)));
        operation.case(move |x, primal, _| end(x, primal, epilogue))
    };
    let all = [
        ("identity", Epilogue::Identity),
        ("relu", Epilogue::Leaky(0.0)),
        ("leaky", Epilogue::Leaky(0.25)),
        ("tanh", Epilogue::Tanh),
    ];
    all.map(case).into()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape;

    #[test]
    fn a_leaky_epilogue_bends_values_tangents_and_gradients() {
        // Slope 0.5: values [2, -4], tangents [3, 6] below; cotangents [1, 10, 100, 1000].
        let x: Matrix = buffers::tensor(vec![2.0, -4.0, 3.0, 6.0], (2, 2));
        let weights: Matrix = buffers::tensor(vec![1.0, 10.0, 100.0, 1000.0], (2, 2));
        let y = end(SharedTape::inputs_only().watch(&x), 1, Epilogue::Leaky(0.5));
        assert_eq!(y.as_vec(), vec![2.0, -2.0, 3.0, 3.0]);
        let mut g = tape::vjp(y, &weights);
        assert_eq!(g.of(&x).as_vec(), vec![1.0, 5.0, 100.0, 500.0]);
    }
}
