//! Elementary functions that vectorise.
//!
//! The standard library's are scalar calls, 10 to 20 times slower in a loop. In single precision these are polynomials
//! accurate to a few units in the last place; in double precision, which is for checking, the standard ones are used.

// Where kernels run on a device, few loops on the host are left.
#![cfg_attr(device_kernels, allow(dead_code, unused_imports))]

use crate::device::Real;

/// Runs a loop compiled for the best instruction set of this machine.
#[inline]
pub(crate) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

#[cfg(feature = "f64")]
mod functions {
    use super::Real;
    #[inline(always)]
    pub(crate) fn exp(x: Real) -> Real {
        x.exp()
    }
    #[inline(always)]
    pub(crate) fn ln_1p_unit(u: Real) -> Real {
        u.ln_1p()
    }
    #[inline(always)]
    pub(crate) fn sin_cos(x: Real) -> (Real, Real) {
        x.sin_cos()
    }
}

#[cfg(not(feature = "f64"))]
mod functions {
    use super::Real;

    /// 1.5 * 2^23: adding and subtracting it rounds to the nearest integer.
    const ROUND: Real = 12_582_912.0;

    /// e^x; arguments are limited to the range whose results are normal numbers.
    #[inline(always)]
    pub(crate) fn exp(x: Real) -> Real {
        let x = x.clamp(-87.3, 88.3);
        let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
        // ln 2 in two parts, the first exact in few bits.
        let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
        // Taylor in Horner form on |r| <= ln(2)/2.
        let p = 1.0 / 5040.0;
        let p = p * r + 1.0 / 720.0;
        let p = p * r + 1.0 / 120.0;
        let p = p * r + 1.0 / 24.0;
        let p = p * r + 1.0 / 6.0;
        let p = p * r + 0.5;
        let y = p * r * r + r + 1.0;
        y * Real::from_bits((((n as i32) + 127) as u32) << 23)
    }

    /// ln(1 + u) for 0 <= u <= 1, as 2 artanh(u / (2 + u)).
    #[inline(always)]
    pub(crate) fn ln_1p_unit(u: Real) -> Real {
        let t = u / (2.0 + u);
        let s = t * t;
        let p = 1.0 / 15.0;
        let p = p * s + 1.0 / 13.0;
        let p = p * s + 1.0 / 11.0;
        let p = p * s + 1.0 / 9.0;
        let p = p * s + 1.0 / 7.0;
        let p = p * s + 0.2;
        let p = p * s + 1.0 / 3.0;
        2.0 * t * (1.0 + s * p)
    }

    /// (sin x, cos x) for |x| up to some thousands; beyond, where x is hardly known to a period, some values within [-1, 1].
    #[inline(always)]
    pub(crate) fn sin_cos(x: Real) -> (Real, Real) {
        let n = (x * std::f32::consts::FRAC_2_PI + ROUND) - ROUND;
        // pi/2 in three parts (Cody and Waite); the first two have trailing zeros, so n times them is exact.
        let r = ((x - n * 1.570_312_5) - n * 4.837_513e-4) - n * 7.549_79e-8;
        let r = r.clamp(-0.8, 0.8);
        let s = r * r;
        let sine = r + r * s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362_880.0))));
        let cosine =
            1.0 - 0.5 * s + s * s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40_320.0 + s * (-1.0 / 3_628_800.0))));
        let quadrant = n as i32;
        let (a, b) = if quadrant & 1 == 0 { (sine, cosine) } else { (cosine, sine) };
        let a = if quadrant & 2 == 0 { a } else { -a };
        let b = if quadrant.wrapping_add(1) & 2 == 0 { b } else { -b };
        (a, b)
    }
}
pub(crate) use functions::{exp, ln_1p_unit, sin_cos};

/// Number of partial sums of [`dot`]: as many as the widest vector registers hold.
const LANES: usize = 16;

/// `sum_i a_i b_i`, in partial sums, since the compiler keeps the order of a plain sum and so cannot vectorise it.
#[inline(always)]
pub(crate) fn dot(a: &[Real], b: &[Real]) -> Real {
    let mut sums = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    let rest: Real = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<Real>() + rest
}

/// `to += from`
#[inline(always)]
pub(crate) fn add(to: &mut [Real], from: &[Real]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
}

/// Adds `row` to every row of `to`.
#[inline(always)]
pub(crate) fn add_to_rows(to: &mut [Real], row: &[Real]) {
    to.chunks_exact_mut(row.len()).for_each(|to| add(to, row));
}

/// Adds all rows of `from`, each as long as `to`.
#[inline(always)]
pub(crate) fn add_rows(to: &mut [Real], from: &[Real]) {
    from.chunks_exact(to.len()).for_each(|row| add(to, row));
}

/// Whether no cotangent reached a block: the values of a pass whose tangents alone are used, for example.
pub(crate) fn is_zero(g: &[Real]) -> bool {
    g.iter().all(|v| *v == 0.0)
}

/// 1 / (1 + e^-x)
#[inline(always)]
pub(crate) fn sigmoid(x: Real) -> Real {
    1.0 / (1.0 + exp(-x))
}

/// ln(1 + e^x)
#[inline(always)]
pub(crate) fn softplus(x: Real) -> Real {
    x.max(0.0) + ln_1p_unit(exp(-x.abs()))
}

/// tanh x
#[inline(always)]
pub(crate) fn tanh(x: Real) -> Real {
    // (1 - e) / (1 + e) with e = e^(-2|x|): no overflow, and exact at 0.
    let e = exp(-2.0 * x.abs());
    let y = (1.0 - e) / (1.0 + e);
    if x < 0.0 { -y } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(from: f64, to: f64, ours: fn(Real) -> Real, truth: fn(f64) -> f64, relative: bool) -> f64 {
        (0..=100_000)
            .map(|i| {
                let x = (from + (to - from) * i as f64 / 100_000.0) as Real;
                let (a, b) = (f64::from(ours(x)), truth(f64::from(x)));
                (a - b).abs() / if relative { b.abs() } else { 1.0 }
            })
            .fold(0.0, f64::max)
    }

    // The standard library's double-precision functions are the reference.
    #[test]
    fn functions_agree_with_the_standard_library() {
        assert!(worst(-80.0, 80.0, exp, f64::exp, true) < 3e-7);
        assert!(worst(0.0, 1.0, ln_1p_unit, f64::ln_1p, false) < 2e-7);
        assert!(worst(-20.0, 20.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp()), true) < 4e-7);
        assert!(worst(-40.0, 20.0, softplus, |x| x.exp().ln_1p(), false) < 2e-6);
        assert!(worst(-12.0, 12.0, tanh, f64::tanh, false) < 2e-7);
        assert!(worst(-300.0, 300.0, |x| sin_cos(x).0, f64::sin, false) < 3e-7);
        assert!(worst(-300.0, 300.0, |x| sin_cos(x).1, f64::cos, false) < 3e-7);
    }

    #[test]
    fn extremes_are_finite_and_right() {
        assert_eq!(sigmoid(-1e4), sigmoid(-1e4).abs());
        assert!(sigmoid(-1e4) < 1e-30 && sigmoid(1e4) == 1.0);
        assert_eq!(tanh(1e4), 1.0);
        assert_eq!(tanh(-1e4), -1.0);
        assert_eq!(tanh(0.0), 0.0);
        assert_eq!(softplus(1e4), 1e4);
        assert!(exp(1e4).is_finite() || cfg!(feature = "f64"));
        assert!(exp(Real::NAN).is_nan());
        for x in [1e5, 1e9, -1e20, Real::MAX] {
            let (sine, cosine) = sin_cos(x);
            assert!(sine.abs() <= 1.0 && cosine.abs() <= 1.0, "{x}: {sine}, {cosine}");
        }
        assert!(sin_cos(Real::NAN).0.is_nan() && sin_cos(Real::INFINITY).1.is_nan());
    }
}
