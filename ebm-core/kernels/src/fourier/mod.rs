//! Random Fourier features: `x -> [x, sin(x F^T), cos(x F^T)]` with fixed frequencies F.
//!
//! A network on raw coordinates learns sharp detail slowly; on these features it does not (Tancik et al., "Fourier
//! features let networks learn high frequency functions in low dimensional domains", NeurIPS 2020).

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::activation::Activation;
use crate::enclosure::{Affine, Enclosure, Function, Line};
use crate::prelude::*;

/// `[rows, D] -> [rows, D + 2m]` with frequencies `[m, D]` in radians per unit, flat.
pub fn fourier(x: Matrix<SharedTape>, primal: usize, frequencies: &PerSample) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (y, kept) = backend::forward(&x, primal, frequencies);
    let frequencies = frequencies.clone();
    record_unary(tape, &x, y, move |gx, g| backend::add_vjp(gx, &g, &kept, primal, &frequencies))
}

/// The features of everything that is enclosed; `frequencies` is the map `x -> F x`.
pub fn enclose(x: &Enclosure, frequencies: &Affine) -> Enclosure {
    let angles = frequencies.apply(x);
    let line = Line { left: 0.0, right: 0.0, off: (-1.0, 1.0) };
    let cosines = Function { value: f64::cos, bends: |_| [1.0; 2], line, lipschitz: 1.0 }.apply(&angles);
    x.beside(&Activation::Sine.enclose(0.0, &angles)).beside(&cosines)
}

crate::selftest_cases!(|| {
    // The frequencies have no gradient.
    let operation = Operation::new("fourier", 37, 3);
    vec![operation.case(|x, primal, _| fourier(x, primal, &vector(numbers("frequencies", 3 * 20))))]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_coordinates_then_sines_then_cosines() {
        let frequencies = buffers::tensor(vec![2.0, 0.0, 0.0, 1.0], (4,));
        let x = buffers::tensor(vec![0.5, -1.0], (1, 2)).put_tape(SharedTape::off());
        let y = fourier(x, 1, &frequencies).as_vec();
        // sin 1 = 0.841471, sin -1, cos 1 = 0.540302
        check::all_close(&y, [0.5, -1.0, 0.841_471, -0.841_471, 0.540_302, 0.540_302], 5e-7);
    }
}
