use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::of_network::{EnergyNetwork, NetworkEnergy, Times, check_lipschitz};
use ebm_core::device::Matrix;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Activation;
use ebm_core::models::Energy;
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, EnergySpec, Size};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{module, register_energy};

use super::TimeConfig;
use super::quadratic::QuadraticForm;
use super::time::TimeEmbedding;
use ebm_core::network::{EnclosedNetwork, Init, Network, NetworkOptions, check_gain, check_widths};

/// A multi-layer perceptron from samples to energies, E(x) = network(x) + confinement/2 ||x||^2 + quadratic/2 ||A x + b||^2.
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
    /// Weight q of a learned quadratic form, q/2 ||A x + b||^2, where A is D x D and starts as the identity. It has the covariance of
    /// wide data, for which a network narrower than the data has too few units. 0: none.
    pub quadratic: f64,
    /// Divide every layer's weights by their largest singular value.
    pub spectral_norm: bool,
    /// Multiply the network's output by one learned number.
    pub output_scale: bool,
    /// A Lipschitz constant c of the network, in nats per unit of x: |f(x) - f(y)| <= c ||x - y||, at every time. 0: none. It implies
    /// spectral norm, and multiplies the output by c / L, where L is the product of the largest slopes of the activations (1.0999 of a SiLU)
    /// and of a constant of the Fourier features. It holds as far as the power iteration, one step an update, follows the weights. The
    /// confinement, whose slope grows with ||x||, comes on top.
    pub lipschitz: f64,
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

impl MlpEnergyConfig {
    fn options(&self, data: usize) -> NetworkOptions<'_> {
        NetworkOptions {
            extra: self.time.embedding().map_or(0, |e| e.width),
            activation: self.activation,
            spectral_norm: self.spectral_norm,
            init: self.init,
            gain: self.init_gain,
            fourier: (self.fourier.count, self.fourier.scale),
            output_scale: self.output_scale,
            lipschitz: self.lipschitz,
            ..NetworkOptions::plain(data, &self.hidden, 1, Parts::ENERGY)
        }
    }
}

/// The energy that [`MlpEnergyConfig`] describes.
pub type MlpEnergy<G> = NetworkEnergy<G, TimedNetwork>;

impl<G: Geometry> NetworkEnergy<G, TimedNetwork> {
    /// An energy with weights drawn from `random`.
    pub fn new(geometry: G, config: &MlpEnergyConfig, random: Random) -> Self {
        Self {
            geometry,
            network: TimedNetwork {
                network: Network::new(&config.options(geometry.data_width()), random),
                time: config.time.embedding().map(|e| TimeEmbedding::new(e, random)),
                quadratic: QuadraticForm::of(geometry.data_width(), config.quadratic, random),
            },
            confinement: config.confinement,
            convolution: config.time.convolution(),
        }
    }
}

/// A network, the time beside its inputs, and a quadratic form that is added to it.
pub struct TimedNetwork {
    network: Network,
    time: Option<TimeEmbedding>,
    quadratic: Option<QuadraticForm>,
}

module!([] TimedNetwork: network, time, quadratic);

impl EnergyNetwork for TimedNetwork {
    fn apply_at(
        &self,
        x: Matrix<SharedTape>,
        times: Times<'_>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let time = self.time.as_ref().map(|t| t.apply(times, tape));
        match &self.quadratic {
            None => self.network.apply_with(x, time, primal, tape),
            Some(form) => form.added(self.network.apply_with(x.clone(), time, primal, tape), x, primal, tape),
        }
    }
    fn is_timed(&self) -> bool {
        self.time.is_some()
    }
    fn oscillation(&self) -> Option<f64> {
        self.network.oscillation()
    }
    fn enclosed(&self) -> Option<EnclosedNetwork> {
        if self.quadratic.is_some() {
            return None;
        }
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
        let limited = check_lipschitz(self.lipschitz, self.output_scale)?;
        ConfigError::require(
            !(limited && self.activation.has_learned_slope()),
            "activation",
            "prelu",
            "another one, such as leaky-relu, since lipschitz is set: a learned slope may exceed every limit",
        )?;
        ConfigError::require_not_negative("confinement", self.confinement)?;
        ConfigError::require_not_negative("quadratic", self.quadratic)?;
        self.time.check()?;
        let FourierConfig { count, scale } = self.fourier;
        ConfigError::require(count <= 65_536, "fourier.count", count, "at most 65536")?;
        let good = count == 0 || (scale > 0.0 && scale.is_finite());
        ConfigError::require(good, "fourier.scale", scale, "a finite number > 0, since fourier.count is not 0")
    }
    fn timed(&self) -> Result<Self, ConfigError> {
        Ok(Self { time: self.time.embedded()?, ..self.clone() })
    }
    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let widest = self.hidden.iter().copied().fold(0, usize::max);
        let option = if self.fourier.count > widest { "fourier.count" } else { "hidden" };
        let [mut trained, kept] = self.options(dimensions.data).numbers();
        if self.quadratic > 0.0 {
            trained += dimensions.data as f64 * (dimensions.data as f64 + 1.0);
        }
        Some(Size::of_network([trained, kept], dimensions.batch, option))
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

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::device::{Real, values};
    use ebm_core::geometry::Runtime;
    use ebm_core::parameter::Module;

    /// The energy with other weights, once the power iteration has settled; `weights` by the number and the length of an array.
    fn trained(config: &MlpEnergyConfig, g: Runtime, weights: impl Fn(u64, usize) -> Vec<Real>) -> MlpEnergy<Runtime> {
        let mut energy = MlpEnergy::new(g, config, Random::new(3));
        for (i, p) in (0..).zip(energy.parameters_mut()).filter(|(_, p)| p.is_trained()) {
            p.set(&weights(i, p.len()));
        }
        for _ in 0..300 {
            energy.forward(SharedTape::training(Parts::ENERGY).watch(&g.samples(vec![0.1; g.data])));
            energy.commit();
        }
        energy
    }

    fn at(energy: &MlpEnergy<Runtime>, x: Vec<Real>) -> Vec<Real> {
        values(&energy.forward(SharedTape::off().watch(&energy.geometry.samples(x))))
    }

    #[test]
    fn a_limited_network_reaches_its_constant() {
        // relu(3 x1), relu(x2), and twice the first: divided by the norms 3 and 2, c relu(x1).
        let config =
            MlpEnergyConfig { hidden: vec![2], activation: Activation::Relu, lipschitz: 4.0, ..Default::default() };
        let weights = |number: u64, length: usize| match number {
            0 => vec![3.0, 0.0, 0.0, 1.0],
            // After the biases and the left vector of the first layer.
            3 => vec![2.0, 0.0],
            _ => vec![0.0; length],
        };
        let energy = trained(&config, Runtime { latent: 2, data: 2 }, weights);
        let found = at(&energy, vec![1.0, 7.0, 3.0, -2.0]);
        assert!((found[0] - 4.0).abs() < 1e-4 && (found[1] - 12.0).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn no_two_points_differ_by_more_than_the_constant_times_their_distance() {
        for (seed, activation, fourier) in [
            (1, Activation::Silu, FourierConfig::default()),
            (2, Activation::Sine, FourierConfig { count: 8, scale: 0.7 }),
            (3, Activation::LeakyRelu, FourierConfig { count: 3, scale: 2.0 }),
        ] {
            let limit = 1.5 * seed as f64;
            let config =
                MlpEnergyConfig { hidden: vec![16, 12], activation, fourier, lipschitz: limit, ..Default::default() };
            let (g, random) = (Runtime { latent: 3, data: 3 }, Random::new(seed));
            let energy = trained(&config, g, |i, length| random.stream("weights").at(i).normals(length));
            let draw = |name| random.stream(name).normals(600);
            let (x, step) = (draw("x"), draw("step"));
            let y: Vec<Real> = x.iter().zip(&step).map(|(x, s)| x + 0.05 * s).collect();
            let (of_x, of_y) = (at(&energy, x), at(&energy, y));
            for (row, (a, b)) in step.chunks_exact(3).zip(of_x.iter().zip(&of_y)) {
                let distance = 0.05 * row.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt();
                let change = f64::from((a - b).abs());
                assert!(change <= 1.001 * limit * distance + 1e-5, "{activation:?}: {change} over {distance}");
            }
        }
    }

    #[test]
    fn a_quadratic_form_is_added_to_the_network() {
        let g = Runtime { latent: 2, data: 2 };
        let config = MlpEnergyConfig { hidden: vec![3], quadratic: 2.0, confinement: 0.5, ..Default::default() };
        // All but A and b are zero: E = ||A x + b||^2 + ||x||^2 / 4, with A = ((1, 2), (0, 1)) and b = (1, -1).
        let energy = trained(&config, g, |number, length| match number {
            4 => vec![1.0, 2.0, 0.0, 1.0],
            5 => vec![1.0, -1.0],
            _ => vec![0.0; length],
        });
        // A x + b = (1 + 2 + 1, 1 - 1) at (1, 1), and (1, -1) at 0.
        let found = at(&energy, vec![1.0, 1.0, 0.0, 0.0]);
        assert!((found[0] - 16.5).abs() < 1e-5 && (found[1] - 2.0).abs() < 1e-5, "{found:?}");
        assert!(energy.facts().normalisable && energy.enclosed().is_none());
        // It starts as the identity.
        let fresh = MlpEnergy::new(g, &config, Random::new(3));
        let form = fresh.network.quadratic.as_ref().unwrap();
        assert_eq!(form.parameters()[0].values(), [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn what_undoes_a_limit_is_refused_with_the_way_out() {
        let limited = MlpEnergyConfig { lipschitz: 1.0, ..Default::default() };
        assert_eq!(limited.check(), Ok(()));
        for (config, told) in [
            (MlpEnergyConfig { output_scale: true, ..limited.clone() }, "output_scale = true: expected false"),
            (
                MlpEnergyConfig { activation: Activation::Prelu, ..limited.clone() },
                "activation = prelu: expected another one",
            ),
            (MlpEnergyConfig { lipschitz: -1.0, ..limited }, "lipschitz = -1: expected a finite number >= 0"),
        ] {
            let found = config.check().unwrap_err().to_string();
            assert!(found.starts_with(told), "{found}");
        }
    }
}
