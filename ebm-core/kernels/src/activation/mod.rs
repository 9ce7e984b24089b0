//! Activation functions: `y = phi(x)`, with the pushforward `phi'(x) t`.
//!
//! Each is in a file of its own: its value, its two derivatives, and the same for the device. A new one is such a file and a
//! line in the list below, from which everything follows that tells activations apart: the names in configurations, the loops on
//! the CPU, and the switch of the kernels, which `build.rs` writes.
//!
//! With cotangents gy, gt: `gx = gy phi'(x) + sum_k gt_k phi''(x) t_k`, and `gt_k phi'(x)` for the tangents. Operations that end
//! with an activation are cheaper where they can (see [`Epilogue`](crate::Epilogue)).

// Where kernels run on a device, no loop on the host needs the functions themselves.
#![cfg_attr(device_kernels, allow(dead_code, unused_imports, unused_macros))]

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
pub(crate) mod backend;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::enclosure::{Enclosure, Function, Line};
use crate::prelude::{
    HasShape, Matrix, Operation, PerSample, Real, SharedTape, SplitTape, filled, optional, record_binary, stored, view,
};

/// phi(x), phi'(x) and phi''(x).
pub(crate) type Jet = (Real, Real, Real);

/// A function with its derivatives, evaluated together.
pub(crate) trait Phi {
    /// Whether the second derivative is something else than zero.
    const CURVED: bool = true;
    /// Whether there is a learned slope.
    const LEARNED: bool = false;
    /// A bound of |phi'|.
    const LIPSCHITZ: f64 = 1.0;
    /// The body of a C function of `REAL x` and the learned `REAL slope` that returns the `Jet` {phi(x), phi'(x), phi''(x)}.
    /// `build.rs` reads it in the source.
    #[cfg_attr(not(test), allow(dead_code))]
    const CUDA: &'static str;
    /// Value and derivatives, of the function with this learned slope if it has one.
    fn jet(slope: Real, x: Real) -> Jet;
    /// A broken line near it: itself, if it is piecewise linear.
    fn line(slope: f64) -> Line;
    /// Its value in double precision.
    fn value(slope: f64, x: f64) -> f64 {
        Self::line(slope).at(x)
    }
    /// Bounds of |phi''| and |phi'''| where |x| is at least `nearest`; none across a kink.
    fn bends(_nearest: f64) -> [f64; 2] {
        [f64::INFINITY; 2]
    }
}

/// Declares an activation a line, by its name and its file. `$d` is a dollar sign, for the macro that this one declares.
macro_rules! activations {
    ($d:tt $($(#[$attribute:meta])* $name:ident => $file:ident,)*) => {
        $(mod $file;)*

        /// An activation function, applied elementwise.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Activation {
            $($(#[$attribute])* $name,)*
        }

        impl Activation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        /// Evaluates `$body` with the function's own type, so that its loops are compiled for it.
        macro_rules! with_phi {
            ($d activation:expr, |$d phi:ident| $d body:expr) => {
                match $d activation {
                    $($crate::Activation::$name => {
                        type $d phi = $crate::activation::$name;
                        $d body
                    })*
                }
            };
        }
        pub(crate) use with_phi;
        $(pub(crate) use $file::$name;)*
    };
}

activations! {
    $
    /// x
    Identity => identity,
    /// max(x, 0)
    Relu => relu,
    /// max(x, 0) + 0.2 min(x, 0)
    LeakyRelu => leaky_relu,
    /// max(x, 0) + a min(x, 0) with one learned slope a a layer, 0.25 at the start
    Prelu => prelu,
    /// x / (1 + e^-x)
    #[default]
    Silu => silu,
    /// ln(1 + e^x)
    Softplus => softplus,
    /// sin x
    Sine => sine,
    /// tanh x
    Tanh => tanh,
}

impl Activation {
    /// Whether the second derivative is zero almost everywhere.
    pub fn is_piecewise_linear(self) -> bool {
        with_phi!(self, |P| !P::CURVED)
    }

    /// Whether a layer learns a slope of it.
    pub fn has_learned_slope(self) -> bool {
        with_phi!(self, |P| P::LEARNED)
    }

    /// Its value in double precision.
    #[cfg(test)]
    pub(crate) fn in_f64(self, slope: f64, x: f64) -> f64 {
        with_phi!(self, |P| P::value(slope, x))
    }

    /// The activation, with this learned slope if it has one, of everything that is enclosed.
    pub fn enclose(self, slope: f64, x: &Enclosure) -> Enclosure {
        with_phi!(self, |P| {
            let lipschitz = if P::LEARNED { P::LIPSCHITZ.max(slope.abs()) } else { P::LIPSCHITZ };
            let value = |x| P::value(slope, x);
            Function { value, bends: P::bends, line: P::line(slope), lipschitz }.apply(x)
        })
    }

    /// A bound of |phi'|, for Lipschitz constants (of a learned slope within [-1, 1]).
    pub fn lipschitz(self) -> f64 {
        with_phi!(self, |P| P::LIPSCHITZ)
    }
}

/// The value and the derivatives of `max(x, 0) + slope min(x, 0)`.
#[inline(always)]
fn leaky(slope: Real, x: Real) -> Jet {
    if x > 0.0 { (x, 1.0, 0.0) } else { (slope * x, slope, 0.0) }
}

/// Applies `activation` to `[(1+K) * primal, width]`: values in the first `primal` rows, tangents below. `slope` `[1]` is the
/// learned slope, for an activation that has one.
///
/// # Panics
/// If there is no such slope.
pub fn activate(
    x: Matrix<SharedTape>,
    primal: usize,
    activation: Activation,
    slope: Option<&PerSample>,
    trains: bool,
) -> Matrix<SharedTape> {
    if activation == Activation::Identity {
        return x;
    }
    let (x, tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let (n, blocks) = (primal * width, rows / primal);
    let learned = slope.filter(|_| activation.has_learned_slope()).cloned();
    assert_eq!(learned.is_some(), activation.has_learned_slope(), "a learned slope");
    let y = filled((rows, width), |y| {
        backend::activate(n, blocks, activation, optional(learned.as_ref())?.read(), stored(&x)?.read(), y)
    });
    let (kept, parameter) = (x.clone(), learned.clone().filter(|_| trains));
    let other = x.clone();
    record_binary(
        tape,
        parameter.as_ref(),
        &x,
        y,
        move |gs, g| backend::add_slope_gradient(n, blocks, view(g), stored(&other)?.read(), gs),
        move |gx, g| {
            let (learned, x) = (optional(learned.as_ref())?, stored(&kept)?);
            backend::add_vjp(n, blocks, activation, learned.read(), view(&g), x.read(), gx)
        },
    )
}

crate::selftest_cases!(|| {
    let case = |&activation: &Activation| {
        let name = format!("activate: {activation:?}").to_lowercase();
        let operation = Operation::new(name, 37, 40).kinked(activation.is_piecewise_linear());
        let operation = if activation.has_learned_slope() { operation.array(1, -2) } else { operation };
        operation.case(move |x, primal, arrays| activate(x, primal, activation, arrays.first(), true))
    };
    Activation::ALL.iter().map(case).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{STEP, close};
    use crate::{buffers, tape};

    #[test]
    fn derivatives_agree_with_finite_differences_and_keep_what_is_said_of_them() {
        for &activation in Activation::ALL {
            // The kinks are at 0, which no difference reaches.
            for x in (-16i8..16).map(|k| 0.25 * Real::from(k) + 0.1) {
                let name = format!("{activation:?} at {x}");
                let [below, (_, slope, bend), above] =
                    [x - STEP, x, x + STEP].map(|x| with_phi!(activation, |P| P::jet(0.3, x)));
                let step = 2.0 * f64::from(STEP);
                close(&name, f64::from(slope), f64::from(above.0 - below.0) / step, 1.0);
                close(&name, f64::from(bend), f64::from(above.1 - below.1) / step, 1.0);
                assert!(f64::from(slope.abs()) <= activation.lipschitz(), "{name}: {slope}");
                assert!(bend == 0.0 || !activation.is_piecewise_linear(), "{name}: {bend}");
            }
        }
    }

    #[test]
    fn what_encloses_them_is_near_them_and_bounds_their_bends() {
        for &activation in Activation::ALL {
            for k in -300i16..300 {
                let (x, h, slope) = (0.1 * f64::from(k) + 0.05, 1e-3, 0.3);
                let at = |x: f64| with_phi!(activation, |P| P::value(slope, x));
                let name = format!("{activation:?} at {x}");
                let (value, _, _) = with_phi!(activation, |P| P::jet(slope as Real, x as Real));
                close(&name, f64::from(value), at(x), 1.0 + x.abs());
                let line = with_phi!(activation, |P| P::line(slope));
                let off = at(x) - line.at(x);
                assert!((line.off.0 - 1e-12..=line.off.1 + 1e-12).contains(&off), "{name}: {off}");
                let [second, third] = with_phi!(activation, |P| P::bends(x.abs() - 2.0 * h));
                let bend = (at(x + h) - 2.0 * at(x) + at(x - h)) / (h * h);
                let change =
                    (at(x + 2.0 * h) - 2.0 * at(x + h) + 2.0 * at(x - h) - at(x - 2.0 * h)) / (2.0 * h.powi(3));
                assert!(bend.abs() <= second + 1e-5 && change.abs() <= third + 1e-3, "{name}: {bend} {change}");
            }
        }
    }

    #[test]
    fn the_list_has_every_file_and_its_device_function() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/activation");
        for &activation in Activation::ALL {
            let name = serde_json::to_string(&activation).unwrap().replace('"', "").replace('-', "_");
            let source = std::fs::read_to_string(format!("{folder}/{name}.rs")).unwrap();
            assert!(source.contains(with_phi!(activation, |P| P::CUDA)), "{name}");
        }
        // Besides: the list, the loops on the host, and the kernels with their declarations.
        let files = std::fs::read_dir(folder).unwrap().count();
        assert_eq!(files, Activation::ALL.len() + 4, "a file that is not in the list");
    }

    #[test]
    fn a_learned_slope_bends_values_tangents_and_gradients() {
        // Slope 0.5: values [2, -4], tangents [3, 6] below; cotangents [1, 10, 100, 1000].
        let x: Matrix = buffers::tensor(vec![2.0, -4.0, 3.0, 6.0], (2, 2));
        let slope: PerSample = buffers::tensor(vec![0.5], (1,));
        let weights: Matrix = buffers::tensor(vec![1.0, 10.0, 100.0, 1000.0], (2, 2));
        let y = activate(SharedTape::inputs_only().watch(&x), 1, Activation::Prelu, Some(&slope), true);
        assert_eq!(y.as_vec(), vec![2.0, -2.0, 3.0, 3.0]);
        let mut g = tape::vjp(y, &weights);
        assert_eq!(g.of(&x).as_vec(), vec![1.0, 5.0, 100.0, 500.0]);
        // 10 * -4 + 1000 * 6.
        assert_eq!(g.of(&slope).as_vec(), vec![5960.0]);
    }
}
