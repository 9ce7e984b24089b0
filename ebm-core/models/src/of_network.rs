//! Both players made of a network on rows of values and tangents: what they share, whatever the network's layers are.

use dfdx::prelude::{HasShape, SplitTape};

use crate::convolution::ConvolutionConfig;
use crate::noise::NoiseLevel;
use ebm_core::device::{Matrix, PerSample, Real};
use ebm_core::error::ConfigError;
use ebm_core::geometry::{Geometry, TapedLatents, TapedSamples};
use ebm_core::kernels::confine::confine;
use ebm_core::kernels::enclosure::{Boxes, Enclosure};
use ebm_core::kernels::rows::{repeat, stack, unstack};
use ebm_core::models::{EnclosedEnergy, Energy, EnergyFacts, Generator, GeneratorFacts, Growth, TimedEnergy};
use ebm_core::module;
use ebm_core::network::EnclosedNetwork;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::SharedTape;

/// The interface of a network that a generator is made of.
pub trait GeneratorNetwork: Module {
    /// `[(1+K) * primal, D]` of latents `[(1+K) * primal, d]`: values in the first `primal` rows, K tangents of each below.
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape>;
    /// `[B, D]` of latents `[B, d]`, and the logarithm of the volume's factor, `[B]`, where there is a formula for it.
    fn with_log_volume(
        &self,
        _z: Matrix<SharedTape>,
        _tape: &SharedTape,
    ) -> Option<(Matrix<SharedTape>, PerSample<SharedTape>)> {
        None
    }
    /// The facts about the network as a generator without noise.
    fn facts(&self) -> GeneratorFacts;
}

/// The interface of a network that an energy is made of.
pub trait EnergyNetwork: Module {
    /// `[(1+K) * primal, 1]` of samples `[(1+K) * primal, D]`.
    fn apply_at(&self, x: Matrix<SharedTape>, times: Times<'_>, primal: usize, tape: &SharedTape)
    -> Matrix<SharedTape>;
    /// Whether it depends on the time.
    fn is_timed(&self) -> bool;
    /// An upper bound of max - min, if one is known.
    fn oscillation(&self) -> Option<f64> {
        None
    }
    /// The network at time 0 for enclosures, if there is one.
    fn enclosed(&self) -> Option<EnclosedNetwork> {
        None
    }
}

/// The times of samples, and the rates at which they move along the tangents: one a row, or one time for all and no rates.
#[derive(Clone, Copy)]
pub struct Times<'a> {
    pub at: &'a [Real],
    pub rates: &'a [Real],
}

impl Times<'_> {
    /// Time 0 for all samples, that does not move.
    const START: Self = Self { at: &[0.0], rates: &[] };
}

/// Whether a Lipschitz constant is asked for; refuses one that is no number, or that a learned factor would undo.
pub(crate) fn check_lipschitz(limit: f64, output_scale: bool) -> Result<bool, ConfigError> {
    ConfigError::require_not_negative("lipschitz", limit)?;
    ConfigError::require(
        !(limit > 0.0 && output_scale),
        "output_scale",
        output_scale,
        "false, since lipschitz is set: a learned factor would undo it (or lipschitz = 0)",
    )?;
    Ok(limit > 0.0)
}

/// A network from latents to samples, with noise.
pub struct NetworkGenerator<G: Geometry, N> {
    pub(super) geometry: G,
    pub(super) network: N,
    pub(super) noise: NoiseLevel,
}

module!([G: Geometry, N: Module] NetworkGenerator<G, N>: network, noise);

impl<G: Geometry, N: GeneratorNetwork> Generator<G> for NetworkGenerator<G, N> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, z: TapedLatents<G>, v: TapedLatents<G>) -> (TapedSamples<G>, TapedSamples<G>) {
        let (batch, directions) = (z.shape().0, v.shape().0);
        let (_, tape) = z.clone().split_tape();
        let x = self.network.apply_to(stack(z, v), batch, &tape);
        let shape = |rows| (rows, self.geometry.data());
        unstack(x, batch, shape(batch), shape(directions))
    }

    fn with_log_volume(&self, z: TapedLatents<G>) -> Option<(TapedSamples<G>, PerSample<SharedTape>)> {
        let batch = z.shape().0;
        let (_, tape) = z.clone().split_tape();
        let (x, volume) = self.network.with_log_volume(repeat(z, 1), &tape)?;
        let (x, _) = unstack(x, batch, (batch, self.geometry.data()), (0, self.geometry.data()));
        Some((x, volume))
    }

    fn facts(&self) -> GeneratorFacts {
        let mut facts = self.network.facts();
        facts.noise = self.noise.sigma();
        facts
    }

    fn noise_level(&self) -> Option<&Parameter> {
        self.noise.parameter()
    }

    fn at_step(&mut self, step: u64) {
        self.noise.at_step(step);
    }
}

/// A network from samples to energies, with a confinement.
pub struct NetworkEnergy<G: Geometry, N> {
    pub(super) geometry: G,
    pub(super) network: N,
    pub(super) confinement: f64,
    /// How it depends on the time, where the network does not.
    pub(super) convolution: Option<ConvolutionConfig>,
}

module!([G: Geometry, N: Module] NetworkEnergy<G, N>: network);

impl<G: Geometry, N: EnergyNetwork> Energy<G> for NetworkEnergy<G, N> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, x: TapedSamples<G>, v: TapedSamples<G>) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (batch, directions) = (x.shape().0, v.shape().0);
        let (_, tape) = x.clone().split_tape();
        let y = self.rows_at(stack(x, v), Times::START, batch, &tape);
        unstack(y, batch, (batch,), (directions,))
    }

    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        (self.network.is_timed() || self.convolution.is_some()).then_some(self)
    }

    fn enclosed(&self) -> Option<Box<dyn EnclosedEnergy>> {
        let (network, kappa) = (self.network.enclosed()?, f64::from(self.confinement as Real));
        Some(Box::new(Confined { network, kappa }))
    }

    fn facts(&self) -> EnergyFacts {
        // Holley and Stroock: a quadratic of curvature kappa, changed by a function of oscillation K, keeps a
        // log-Sobolev inequality with constant kappa exp(-K).
        let mut facts = EnergyFacts::default();
        let kappa = f64::from(self.confinement as Real);
        facts.log_sobolev = self.network.oscillation().map(|k| kappa * (-k).exp()).filter(|rho| *rho > 0.0);
        facts.normalisable = kappa > 0.0 && kappa.is_finite();
        facts
    }
}

impl<G: Geometry, N: EnergyNetwork> NetworkEnergy<G, N> {
    /// The network with the confinement: `[(1+K) * primal, 1]` of samples and tangents `[(1+K) * primal, D]`.
    fn rows_at(
        &self,
        rows: Matrix<SharedTape>,
        times: Times<'_>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let y = self.network.apply_at(rows.clone(), times, primal, tape);
        if self.confinement > 0.0 { confine(y, rows, primal, self.confinement as Real) } else { y }
    }
}

/// A network and a confinement, enclosed.
struct Confined {
    network: EnclosedNetwork,
    kappa: f64,
}

impl EnclosedEnergy for Confined {
    fn over(&self, boxes: &Boxes) -> Enclosure {
        self.network.apply(&boxes.coordinates()).confined(boxes, self.kappa)
    }

    fn work(&self) -> usize {
        self.network.weights()
    }

    fn growth(&self) -> Growth {
        Growth { curvature: self.kappa, slope: self.network.lipschitz() }
    }
}

impl<G: Geometry, N: EnergyNetwork> TimedEnergy<G> for NetworkEnergy<G, N> {
    fn pushforward_at(
        &self,
        x: TapedSamples<G>,
        times: &[Real],
        v: TapedSamples<G>,
        rates: &[Real],
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (batch, directions) = (x.shape().0, v.shape().0);
        let (_, tape) = x.clone().split_tape();
        let (rows, times) = (stack(x, v), Times { at: times, rates });
        let y = match &self.convolution {
            Some(convolution) => {
                let energy = |rows, primal| self.rows_at(rows, Times::START, primal, &tape);
                convolution.apply(energy, rows, times, batch)
            }
            None => self.rows_at(rows, times, batch, &tape),
        };
        unstack(y, batch, (batch,), (directions,))
    }
}
