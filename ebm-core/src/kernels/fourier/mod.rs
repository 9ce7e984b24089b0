//! Random Fourier features: `x -> [x, sin(x F^T), cos(x F^T)]` with fixed frequencies F.
//!
//! A network on raw coordinates learns sharp detail slowly; on these features it does not (Tancik et al., "Fourier
//! features let networks learn high frequency functions in low dimensional domains", NeurIPS 2020).

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample};
use crate::kernels::gemm::{Product, matrix};
use crate::kernels::math::{sin_cos, vectorised};
use crate::tape::SharedTape;

/// `[rows, D] -> [rows, D + 2m]` with frequencies `[m, D]` in radians per unit, flat.
///
/// ```
/// use ebm_core::device::{Matrix, PerSample, Real, device, values};
/// # use dfdx::prelude::*;
/// use ebm_core::kernels::fourier::fourier;
/// use ebm_core::tape::SharedTape;
///
/// // x = 1 with one frequency w = pi/2: sin w = 1 and cos w = 0.
/// // Below it the direction 1: w cos w = 0 and -w sin w = -w.
/// let quarter = std::f64::consts::FRAC_PI_2;
/// let frequencies: PerSample = device().tensor_from_vec(vec![quarter as Real], (1,));
/// let rows: Matrix = device().tensor_from_vec(vec![1.0, 1.0], (2, 1));
/// let y = values(&fourier(SharedTape::off().watch(&rows), 1, &frequencies));
/// for (found, expected) in y.into_iter().zip([1.0, 1.0, 0.0, 1.0, 0.0, -quarter]) {
///     assert!((f64::from(found) - expected).abs() < 1e-6);
/// }
/// ```
pub fn fourier(x: Matrix<SharedTape>, primal: usize, frequencies: &PerSample) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, columns) = *x.shape();
    let count = frequencies.shape().0 / columns;
    let width = columns + 2 * count;
    let mut angles = vec![0.0; rows * count];
    Product {
        a: matrix(&read(&x), rows, columns),
        b: matrix(&read(frequencies), count, columns).transpose(),
    }
    .write(&mut angles);
    let (angles, rates) = angles.split_at(primal * count);
    let (mut sines, mut cosines) = (vec![0.0; angles.len()], vec![0.0; angles.len()]);
    vectorised(|| {
        for ((angle, s), c) in angles.iter().zip(&mut sines).zip(&mut cosines) {
            (*s, *c) = sin_cos(*angle);
        }
    });
    let mut y = vec![0.0; rows * width];
    {
        let x = read(&x);
        for (i, y) in y.chunks_exact_mut(width).enumerate() {
            let sample = (i % primal) * count..(i % primal + 1) * count;
            let (s, c) = (&sines[sample.clone()], &cosines[sample]);
            y[..columns].copy_from_slice(&x[i * columns..(i + 1) * columns]);
            let (ys, yc) = y[columns..].split_at_mut(count);
            if i < primal {
                ys.copy_from_slice(s);
                yc.copy_from_slice(c);
            } else {
                let rate = &rates[(i - primal) * count..(i - primal + 1) * count];
                for j in 0..count {
                    ys[j] = c[j] * rate[j];
                    yc[j] = -s[j] * rate[j];
                }
            }
        }
    }
    let y = buffers::tensor(y, (rows, width));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let (rates, frequencies) = (rates.to_vec(), frequencies.clone());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            // Cotangents of the angles and of their rates.
            let mut ga = vec![0.0; rows * count];
            for (i, g) in g.chunks_exact(width).enumerate() {
                let start = (i % primal) * count;
                let (gs, gc) = g[columns..].split_at(count);
                for j in 0..count {
                    let (s, c) = (sines[start + j], cosines[start + j]);
                    let along = gs[j] * c - gc[j] * s;
                    ga[i * count + j] += along;
                    if i >= primal {
                        ga[start + j] -= (gs[j] * s + gc[j] * c) * rates[(i - primal) * count + j];
                    }
                }
            }
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                for (gx, g) in gx.chunks_exact_mut(columns).zip(g.chunks_exact(width)) {
                    gx.iter_mut().zip(g).for_each(|(a, b)| *a += b);
                }
                Product {
                    a: matrix(&ga, rows, count),
                    b: matrix(&read(&frequencies), count, columns),
                }
                .add(gx);
            })
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::kernels::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let frequencies = check::array(10, 1.5, 3);
        let case = Case {
            name: "fourier".into(),
            input: (4, 2),
            arrays: vec![],
        };
        check::operation(&case, |x, primal, _| fourier(x, primal, &frequencies));
    }

    #[test]
    fn values_are_coordinates_then_sines_then_cosines() {
        let frequencies = buffers::tensor(vec![2.0, 0.0, 0.0, 1.0], (4,));
        let x = buffers::tensor(vec![0.5, -1.0], (1, 2)).put_tape(SharedTape::off());
        let y = fourier(x, 1, &frequencies).as_vec();
        // sin 1 = 0.841471, sin -1, cos 1 = 0.540302
        let expected: [Real; 6] = [0.5, -1.0, 0.841_471, -0.841_471, 0.540_302, 0.540_302];
        for (a, b) in y.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{y:?}");
        }
    }
}
