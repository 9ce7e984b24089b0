use dfdx::prelude::*;

use super::{EnclosedEnergy, TimedEnergy};
use crate::device::PerSample;
use crate::geometry::{Geometry, Samples, TapedSamples};
use crate::kernels;
use crate::parameter::Module;
use crate::tape::{SharedTape, backward};

/// Facts about an energy that are certain; bounds decide by them what they may claim.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct EnergyFacts {
    /// A constant rho > 0 of a log-Sobolev inequality that p_theta satisfies, if one is known.
    pub log_sobolev: Option<f64>,
    /// exp(-E) is known to have a finite integral.
    pub normalisable: bool,
    /// log Z in nats, where it is known exactly: the likelihood then needs no quadrature, in any number of dimensions.
    pub log_partition: Option<f64>,
}

/// An energy E, in nats; low where the model puts its probability.
///
/// Two methods are mandatory: the axes, and the function with its pushforward, from which all else follows.
///
/// ```
/// # use dfdx::prelude::*;
/// use ebm_core::device::{PerSample, values};
/// use ebm_core::geometry::{Geometry, Runtime, Samples};
/// use ebm_core::kernels::{row_dot, rows::repeat};
/// use ebm_core::models::Energy;
/// use ebm_core::tape::SharedTape;
///
/// /// `E(x) = ||x||^2 / 2`.
/// struct Standard(Runtime);
///
/// ebm_core::no_parameters!(Standard);
///
/// impl Energy<Runtime> for Standard {
///     fn geometry(&self) -> Runtime {
///         self.0
///     }
///     fn pushforward(
///         &self,
///         x: Samples<Runtime, SharedTape>,
///         v: Samples<Runtime, SharedTape>,
///     ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
///         // <grad E, v> = <x, v>, with every sample as often as it has directions.
///         let copies = v.shape().0 / x.shape().0;
///         let slopes = row_dot(repeat(x.clone(), copies), v);
///         (row_dot(x.clone(), x) * 0.5, slopes)
///     }
/// }
///
/// let energy = Standard(Runtime { latent: 1, data: 2 });
/// let off = SharedTape::off();
/// let x = energy.geometry().samples(vec![3.0, 4.0]);
/// let v = energy.geometry().samples(vec![1.0, 0.0, 0.0, 1.0]);
/// let (energies, slopes) = energy.pushforward(off.watch(&x), off.watch(&v));
/// assert_eq!((values(&energies), values(&slopes)), (vec![12.5], vec![3.0, 4.0]));
/// assert_eq!(values(&energy.forward(off.watch(&x))), [12.5]);
/// ```
pub trait Energy<G: Geometry>: Module {
    /// The axes.
    fn geometry(&self) -> G;

    /// `(E(x), <grad E(x), v>)`: the energies `[B]` and the directional derivatives `[K*B]` along K directions a sample.
    ///
    /// `v` is `[K*B, D]` in the order of [`Generator::pushforward`](super::Generator::pushforward). K = 0 is allowed.
    fn pushforward(&self, x: TapedSamples<G>, v: TapedSamples<G>) -> (PerSample<SharedTape>, PerSample<SharedTape>);

    /// `E(x)`, `[B]`.
    fn forward(&self, x: TapedSamples<G>) -> PerSample<SharedTape> {
        let none = self.geometry().samples(Vec::new());
        self.pushforward(x, none.put_tape(SharedTape::off())).0
    }

    /// This energy as one that knows a diffusion time, if it does.
    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        None
    }

    /// This energy as one whose values over boxes can be proved, if they can.
    fn enclosed(&self) -> Option<Box<dyn EnclosedEnergy>> {
        None
    }

    /// The facts about this energy.
    fn facts(&self) -> EnergyFacts {
        EnergyFacts::default()
    }
}

/// `(E(x), grad_x E(x))` as values: `[B]` and `[B, D]`.
pub fn energy_gradient<G: Geometry>(energy: &dyn Energy<G>, x: &Samples<G>) -> (PerSample, Samples<G>) {
    let (values, tape) = energy.forward(SharedTape::inputs_only().watch(x)).split_tape();
    let gradient = backward(kernels::sum(values.clone().put_tape(tape))).of(x);
    (values, gradient)
}

/// Values `l_b` `[B]` of a function of `grad_x E(x_b)`, put on the tape with their derivative in the energy's parameters.
///
/// With `c_b = dl_b / d(grad E)` held fixed, `d_theta l_b = d_theta <c_b, grad_x E(x_b)>`. That is the derivative of the
/// taped pushforward of E along c, which is what `slopes` `[B]` must be.
pub fn of_gradient(values: PerSample, slopes: PerSample<SharedTape>) -> PerSample<SharedTape> {
    // Replace the value <c, grad E> by l, and keep its derivative. A slope that is no number is seen in the value.
    let plain: PerSample = slopes.retaped();
    slopes + (values - plain)
}
