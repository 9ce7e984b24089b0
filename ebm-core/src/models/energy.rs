//! The energy: p(x) = exp(-E(x)) / Z.

use dfdx::prelude::*;

use super::TimedEnergy;
use crate::device::PerSample;
use crate::geometry::{Geometry, Samples};
use crate::kernels;
use crate::parameter::Module;
use crate::tape::{SharedTape, backward};

/// What is known about an energy for certain; bounds decide by it what they may claim.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct EnergyFacts {
    /// A constant rho > 0 of a log-Sobolev inequality that p_theta satisfies, if one is known.
    pub log_sobolev: Option<f64>,
    /// exp(-E) is known to have a finite integral.
    pub normalisable: bool,
}

/// An energy E, in nats; low where the model puts its probability.
///
/// Two methods are mandatory: the axes, and the function with its pushforward, from which all else follows.
pub trait Energy<G: Geometry>: Module {
    /// The axes.
    fn geometry(&self) -> G;

    /// `(E(x), <grad E(x), v>)`: the energies `[B]` and the directional derivatives `[K*B]` along K directions a sample.
    ///
    /// `v` is `[K*B, D]` in the order of [`Generator::pushforward`](super::Generator::pushforward). K = 0 is allowed.
    fn pushforward(
        &self,
        x: Samples<G, SharedTape>,
        v: Samples<G, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>);

    /// `E(x)`, `[B]`.
    fn forward(&self, x: Samples<G, SharedTape>) -> PerSample<SharedTape> {
        let none = self.geometry().samples(Vec::new());
        self.pushforward(x, none.put_tape(SharedTape::off())).0
    }

    /// This energy as one that knows a diffusion time, if it does.
    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        None
    }

    /// What is known about this energy.
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
