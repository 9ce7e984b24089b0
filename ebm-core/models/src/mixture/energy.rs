use dfdx::prelude::{HasShape, SplitTape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use ebm_core::device::{PerSample, Real};
use ebm_core::diffusion::Process;
use ebm_core::error::ConfigError;
use ebm_core::geometry::{Geometry, TapedSamples};
use ebm_core::kernels::mixture::{Mixture, Place, mixture};
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::models::{Energy, EnergyFacts, FokkerPlanck, TimedEnergy};
use ebm_core::parameter::Parameter;
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, EnergySpec, Size};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{module, register_energy};

/// A learned mixture of Gaussians with independent coordinates, E(x) = -log sum_k p_k N(x; m_k, diag s_k^2). It is normalised,
/// log Z = 0, and E(x, t) solves the Fokker-Planck equation of `process` exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct MixtureEnergyConfig {
    /// Number of components K.
    #[default(64)]
    pub components: usize,
    /// Standard deviation of the initial means, in units of x. The components start as wide as it takes K of them to fill
    /// that region: with `init_scale / K^(1/D)`.
    #[default(1.0)]
    pub init_scale: f64,
    /// Least standard deviation of a component, in units of x: it keeps one from collapsing onto a sample.
    #[default(0.01)]
    pub min_scale: f64,
    /// The diffusion process that E(x, t) belongs to. It must be that of the upper bound `diffusion` for the bound to be
    /// certified.
    pub process: Process,
}

/// The energy that [`MixtureEnergyConfig`] describes.
///
/// At time t of the process, `x_t = a x_0 + s n`, it is `E(x, t) = -log sum_k p_k N(x; a m_k, diag(a^2 s_k^2 + s^2))`, in nats,
/// normalised at every t.
pub struct MixtureEnergy<G: Geometry> {
    geometry: G,
    process: Process,
    /// The least variance of a component.
    floor: Real,
    /// log p up to a constant, `[K]`.
    logits: Parameter,
    /// m, `[K, D]`.
    means: Parameter,
    /// l with `s^2 = floor + e^(2 l)`, `[K, D]`.
    log_scales: Parameter,
}

module!([G: Geometry] MixtureEnergy<G>: logits, means, log_scales);

impl<G: Geometry> MixtureEnergy<G> {
    /// An energy with means drawn from `random`, and components of equal probability and width.
    pub fn new(geometry: G, config: &MixtureEnergyConfig, random: Random) -> Self {
        let (count, width) = (config.components, geometry.data_width());
        let means = random.stream("means").normals(count * width);
        let means = means.into_iter().map(|v| v * config.init_scale as Real).collect();
        let scale = config.init_scale / (count as f64).powf(1.0 / width as f64);
        let log_scale = scale.max(config.min_scale).ln() as Real;
        Self {
            geometry,
            process: config.process,
            floor: (config.min_scale * config.min_scale) as Real,
            logits: Parameter::trained("logits", vec![count], vec![0.0; count]),
            means: Parameter::trained("means", vec![count, width], means),
            log_scales: Parameter::trained("log_scales", vec![count, width], vec![log_scale; count * width]),
        }
    }

    fn place(&self, time: Real) -> Place {
        let moment = self.process.at(f64::from(time));
        Place {
            signal: moment.signal as Real,
            variance: (moment.noise * moment.noise) as Real,
            signal_rate: moment.signal_rate as Real,
            variance_rate: moment.variance_rate as Real,
        }
    }
}

impl<G: Geometry> Energy<G> for MixtureEnergy<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, x: TapedSamples<G>, v: TapedSamples<G>) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (times, rates) = (vec![0.0; x.shape().0], vec![0.0; v.shape().0]);
        self.pushforward_at(x, &times, v, &rates)
    }

    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        Some(self)
    }

    fn facts(&self) -> EnergyFacts {
        let mut facts = EnergyFacts::default();
        facts.normalisable = true;
        facts.log_partition = Some(0.0);
        facts
    }
}

impl<G: Geometry> TimedEnergy<G> for MixtureEnergy<G> {
    fn pushforward_at(
        &self,
        x: TapedSamples<G>,
        times: &[Real],
        v: TapedSamples<G>,
        rates: &[Real],
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (batch, directions) = (x.shape().0, v.shape().0);
        let (_, tape) = x.clone().split_tape();
        let components = Mixture {
            logits: self.logits.tensor().clone(),
            means: self.means.tensor().clone(),
            log_scales: self.log_scales.tensor().clone(),
            floor: self.floor,
            trains: tape.trains(Parts::ENERGY),
        };
        let places: Vec<Place> = times.iter().map(|t| self.place(*t)).collect();
        let y = mixture(stack(x, v), components, &places, rates);
        unstack(y, batch, (batch,), (directions,))
    }

    fn fokker_planck(&self) -> Option<FokkerPlanck> {
        Some(FokkerPlanck { process: self.process, end_log_partition: 0.0 })
    }
}

impl EnergySpec for MixtureEnergyConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("components", self.components, 1..=65_536)?;
        // Squares of the scales must be numbers of single precision, with digits to spare.
        let scale = |key: &str, value: f64| {
            ConfigError::require((1e-6..=1e6).contains(&value), key, value, "a number from 1e-6 to 1e6")
        };
        scale("init_scale", self.init_scale)?;
        scale("min_scale", self.min_scale)?;
        self.process.check().map_err(|error| error.within("process"))
    }

    fn timed(&self) -> Result<Self, ConfigError> {
        Ok(self.clone())
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let (components, width) = (self.components as f64, dimensions.data as f64);
        // A pass keeps the terms of all components.
        let numbers = [components * (1.0 + 2.0 * width), width + components];
        Some(Size::of_network(numbers, dimensions.batch, "components"))
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Energy<G>>, ConfigError> {
        Ok(Box::new(MixtureEnergy::new(geometry, self, random)))
    }
}

register_energy!(
    MixtureEnergyConfig,
    name: "mixture",
    summary: "mixture of Gaussians: normalised, and exact along a diffusion process",
    reference: "Gaussians along a diffusion process: Song et al., ICLR 2021, appendix B",
);
