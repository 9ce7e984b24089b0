use dfdx::prelude::*;

use super::Energy;
use crate::device::{PerSample, Real};
use crate::diffusion::Process;
use crate::geometry::{Geometry, Samples, TapedSamples};
use crate::kernels;
use crate::tape::{SharedTape, backward};

/// An energy E(x, t), t in [0, 1]; the energy proper is `E(x) = E(x, 0)`.
///
/// ```
/// use ebm_core::device::values;
/// use ebm_core::diffusion::Process;
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::models::closed_form::DiffusedGaussian;
/// use ebm_core::models::{Energy, TimedEnergy};
/// use ebm_core::tape::SharedTape;
///
/// // N(0, 1/4) carried along a process that ends at N(0, 1) all but exactly.
/// let energy = DiffusedGaussian::new(Fixed::<1, 1>, Process::default(), &[4.0], &[0.0]).unwrap();
/// let x = Fixed::<1, 1>.samples(vec![1.0, 1.0]);
/// let at = values(&energy.forward_at(SharedTape::off().watch(&x), &[0.0, 1.0]));
/// assert!((at[0] - 2.0).abs() < 1e-5);
/// assert!((at[1] - 0.5).abs() < 1e-3);
/// // The energy proper is that of time 0.
/// assert_eq!(values(&energy.forward(SharedTape::off().watch(&x)))[0], at[0]);
/// ```
pub trait TimedEnergy<G: Geometry>: Energy<G> {
    /// `(E(x, t), <grad_x E, v> + r d_t E)`, `[B]` and `[K*B]`, at a time `t` `[B]` a sample.
    ///
    /// The K directions of a sample are `(v, r)`: `v` is `[K*B, D]`, `rates` is `[K*B]`, in the order of
    /// [`Energy::pushforward`].
    fn pushforward_at(
        &self,
        x: TapedSamples<G>,
        times: &[Real],
        v: TapedSamples<G>,
        rates: &[Real],
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>);

    /// `E(x, t)`, `[B]`.
    fn forward_at(&self, x: TapedSamples<G>, times: &[Real]) -> PerSample<SharedTape> {
        let none = self.geometry().samples(Vec::new());
        self.pushforward_at(x, times, none.put_tape(SharedTape::off()), &[]).0
    }

    /// The known relation of `exp(-E(., t))` to a Fokker-Planck equation, if any.
    fn fokker_planck(&self) -> Option<FokkerPlanck> {
        None
    }
}

/// The densities `exp(-E(., t)) / Z(t)` are those of a process that starts at `exp(-E) / Z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FokkerPlanck {
    /// The process.
    pub process: Process,
    /// `log Z(1)`, which makes the density at the end known exactly.
    pub end_log_partition: f64,
}

/// `(E(x, t), grad_x E(x, t))` as values: `[B]` and `[B, D]`.
pub fn timed_energy_gradient<G: Geometry>(
    energy: &dyn TimedEnergy<G>,
    x: &Samples<G>,
    times: &[Real],
) -> (PerSample, Samples<G>) {
    let (values, tape) = energy.forward_at(SharedTape::inputs_only().watch(x), times).split_tape();
    let gradient = backward(kernels::sum(values.clone().put_tape(tape))).of(x);
    (values, gradient)
}

/// `v^T H v` `[K*B]` for K directions `[K*B, D]` a sample, H the Hessian of E(., t) in x: the Laplacian is the sum over a
/// basis. Exact; one pass forwards and one backwards over K*B samples.
pub fn timed_curvature<G: Geometry>(
    energy: &dyn TimedEnergy<G>,
    x: &Samples<G>,
    times: &[Real],
    directions: &[Real],
) -> Vec<Real> {
    let geometry = energy.geometry();
    let copies = directions.len() / crate::buffers::read(x).len();
    let x = geometry.samples(crate::buffers::read(x).repeat(copies));
    let v = geometry.samples(directions.to_vec());
    let times = times.repeat(copies);
    let rates = vec![0.0; times.len()];
    let tape = SharedTape::inputs_only();
    let (_, slopes) = energy.pushforward_at(tape.watch(&x), &times, v.put_tape(SharedTape::off()), &rates);
    // The gradient of <grad E, v> in x is H v.
    let image = backward(kernels::sum(slopes)).of(&x);
    let image = crate::buffers::read(&image);
    let width = geometry.data_width();
    let rows = image.chunks_exact(width).zip(directions.chunks_exact(width));
    rows.map(|(h, v)| h.iter().zip(v).map(|(h, v)| h * v).sum()).collect()
}
