use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::of_network::{EnergyNetwork, NetworkEnergy, Times};
use ebm_core::device::Matrix;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Activation;
use ebm_core::models::Energy;
use ebm_core::random::Random;
use ebm_core::registry::EnergySpec;
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{module, register_energy};

use super::TimeConfig;
use super::time::TimeEmbedding;
use ebm_core::network::{EnclosedNetwork, Init, Network, NetworkOptions, check_gain, check_widths};

/// A multi-layer perceptron from samples to energies, E(x) = network(x) + confinement/2 ||x||^2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct MlpEnergyConfig {
    /// Widths of the hidden layers.
    #[default(vec![128, 128, 128])]
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Random Fourier features put before the first layer.
    pub fourier: FourierConfig,
    /// Whether the energy depends on a diffusion time t, E(x, t); the energy itself is E(x, 0).
    pub time: TimeConfig,
    /// Weight kappa of the confinement kappa/2 ||x||^2. Above 0 the energy is normalisable, since the network grows at
    /// most linearly.
    pub confinement: f64,
    /// Divide every layer's weights by their largest singular value.
    pub spectral_norm: bool,
    /// Multiply the network's output by one learned number.
    pub output_scale: bool,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
}

/// Random Fourier features: sines and cosines of `count` random projections, beside the coordinates themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FourierConfig {
    /// Number of frequencies. 0: none.
    pub count: usize,
    /// Standard deviation of the frequencies, in periods per unit of x.
    pub scale: f64,
}

/// The energy that [`MlpEnergyConfig`] describes.
pub type MlpEnergy<G> = NetworkEnergy<G, TimedNetwork>;

impl<G: Geometry> NetworkEnergy<G, TimedNetwork> {
    /// An energy with weights drawn from `random`.
    pub fn new(geometry: G, config: &MlpEnergyConfig, random: Random) -> Self {
        let embedding = config.time.embedding();
        let options = NetworkOptions {
            extra: embedding.map_or(0, |e| e.width),
            activation: config.activation,
            spectral_norm: config.spectral_norm,
            init: config.init,
            gain: config.init_gain,
            fourier: (config.fourier.count, config.fourier.scale),
            output_scale: config.output_scale,
            ..NetworkOptions::plain(geometry.data_width(), &config.hidden, 1, Parts::ENERGY)
        };
        Self {
            geometry,
            network: TimedNetwork {
                network: Network::new(&options, random),
                time: embedding.map(|e| TimeEmbedding::new(e, random)),
            },
            confinement: config.confinement,
        }
    }
}

/// A network, and the time beside its inputs.
pub struct TimedNetwork {
    network: Network,
    time: Option<TimeEmbedding>,
}

module!([] TimedNetwork: network, time);

impl EnergyNetwork for TimedNetwork {
    fn apply_at(
        &self,
        x: Matrix<SharedTape>,
        times: Times<'_>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let time = self.time.as_ref().map(|t| t.apply(times, tape));
        self.network.apply_with(x, time, primal, tape)
    }
    fn is_timed(&self) -> bool {
        self.time.is_some()
    }
    fn oscillation(&self) -> Option<f64> {
        self.network.oscillation()
    }
    fn enclosed(&self) -> Option<EnclosedNetwork> {
        let common = match &self.time {
            Some(time) => Some(time.enclosed_at_zero()?),
            None => None,
        };
        self.network.enclosed(common)
    }
}

impl EnergySpec for MlpEnergyConfig {
    fn check(&self) -> Result<(), ConfigError> {
        check_widths(&self.hidden)?;
        check_gain(self.init_gain)?;
        ConfigError::require_not_negative("confinement", self.confinement)?;
        self.time.check()?;
        let FourierConfig { count, scale } = self.fourier;
        ConfigError::require(count <= 65_536, "fourier.count", count, "at most 65536")?;
        let good = count == 0 || (scale > 0.0 && scale.is_finite());
        ConfigError::require(good, "fourier.scale", scale, "a finite number > 0, since fourier.count is not 0")
    }
    fn timed(&self) -> Result<Self, ConfigError> {
        Ok(Self { time: self.time.embedded()?, ..self.clone() })
    }
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Energy<G>>, ConfigError> {
        Ok(Box::new(MlpEnergy::new(geometry, self, random)))
    }
}

register_energy!(
    MlpEnergyConfig,
    name: "mlp",
    summary: "multi-layer perceptron, optionally with Fourier features, spectral norm and a quadratic confinement",
    reference: "Geng et al., NeurIPS 2021, toy experiments; Fourier features: Tancik et al., NeurIPS 2020",
);
