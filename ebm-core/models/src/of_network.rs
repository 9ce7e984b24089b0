//! Both players made of a network on rows of values and tangents: what they share, whatever the network's layers are.

use dfdx::prelude::{HasShape, SplitTape};

use crate::noise::NoiseLevel;
use ebm_core::device::{Matrix, PerSample, Real};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::confine::confine;
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::models::{Energy, EnergyFacts, Generator, GeneratorFacts, TimedEnergy};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::SharedTape;

/// The interface of a network that a generator is made of.
pub trait GeneratorNetwork: Module {
    /// `[(1+K) * primal, D]` of latents `[(1+K) * primal, d]`: values in the first `primal` rows, K tangents of each below.
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape>;
    /// Whether the derivative is piecewise constant.
    fn is_piecewise_linear(&self) -> bool;
    /// Whether a layer normalises by its batch while it is trained.
    fn couples_batch(&self) -> bool;
}

/// The interface of a network that an energy is made of.
pub trait EnergyNetwork: Module {
    /// `[(1+K) * primal, 1]` of samples `[(1+K) * primal, D]` at `times`, that move at `rates` along the tangents: one a row, or
    /// one time for all and no rates.
    fn apply_at(
        &self,
        rows: Matrix<SharedTape>,
        times: &[Real],
        rates: &[Real],
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape>;
    /// Whether it depends on the time.
    fn is_timed(&self) -> bool;
    /// An upper bound of max - min, if one is known.
    fn oscillation(&self) -> Option<f64> {
        None
    }
}

/// A network from latents to samples, with noise.
pub struct NetworkGenerator<G: Geometry, N> {
    pub(super) geometry: G,
    pub(super) network: N,
    pub(super) noise: NoiseLevel,
}

impl<G: Geometry, N: Module> Module for NetworkGenerator<G, N> {
    fn parameters(&self) -> Vec<&Parameter> {
        let network = self.network.parameters().into_iter();
        network.chain(self.noise.parameter()).collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let network = self.network.parameters_mut().into_iter();
        network.chain(self.noise.parameter_mut()).collect()
    }
    fn commit(&mut self) {
        self.network.commit();
        self.noise.commit();
    }
}

impl<G: Geometry, N: GeneratorNetwork> Generator<G> for NetworkGenerator<G, N> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(
        &self,
        z: Latents<G, SharedTape>,
        v: Latents<G, SharedTape>,
    ) -> (Samples<G, SharedTape>, Samples<G, SharedTape>) {
        let (batch, directions) = (z.shape().0, v.shape().0);
        let (_, tape) = z.clone().split_tape();
        let x = self.network.apply_to(stack(z, v), batch, &tape);
        let shape = |rows| (rows, self.geometry.data());
        unstack(x, batch, shape(batch), shape(directions))
    }

    fn facts(&self) -> GeneratorFacts {
        let mut facts = GeneratorFacts::unknown(self.noise.sigma());
        facts.piecewise_linear = self.network.is_piecewise_linear();
        facts.couples_batch = self.network.couples_batch();
        facts
    }

    fn noise_level(&self) -> Option<&Parameter> {
        self.noise.parameter()
    }
}

/// A network from samples to energies, with a confinement.
pub struct NetworkEnergy<G: Geometry, N> {
    pub(super) geometry: G,
    pub(super) network: N,
    pub(super) confinement: f64,
}

impl<G: Geometry, N: Module> Module for NetworkEnergy<G, N> {
    fn parameters(&self) -> Vec<&Parameter> {
        self.network.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.network.parameters_mut()
    }
    fn commit(&mut self) {
        self.network.commit();
    }
}

impl<G: Geometry, N: EnergyNetwork> Energy<G> for NetworkEnergy<G, N> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(
        &self,
        x: Samples<G, SharedTape>,
        v: Samples<G, SharedTape>,
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        // One time for all samples, that does not move.
        self.pushforward_at(x, &[0.0], v, &[])
    }

    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        self.network.is_timed().then_some(self)
    }

    fn facts(&self) -> EnergyFacts {
        // Holley and Stroock: a quadratic of curvature kappa, changed by a function of oscillation K, keeps a
        // log-Sobolev inequality with constant kappa exp(-K).
        let mut facts = EnergyFacts::default();
        facts.log_sobolev = self.network.oscillation().map(|k| self.confinement * (-k).exp()).filter(|rho| *rho > 0.0);
        facts.normalisable = self.confinement > 0.0;
        facts
    }
}

impl<G: Geometry, N: EnergyNetwork> TimedEnergy<G> for NetworkEnergy<G, N> {
    fn pushforward_at(
        &self,
        x: Samples<G, SharedTape>,
        times: &[Real],
        v: Samples<G, SharedTape>,
        rates: &[Real],
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (batch, directions) = (x.shape().0, v.shape().0);
        let (_, tape) = x.clone().split_tape();
        let rows = stack(x, v);
        let mut y = self.network.apply_at(rows.clone(), times, rates, batch, &tape);
        if self.confinement > 0.0 {
            y = confine(y, rows, batch, self.confinement as Real);
        }
        unstack(y, batch, (batch,), (directions,))
    }
}
