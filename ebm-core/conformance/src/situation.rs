use super::case::{Case, EnergyKind, GeneratorKind};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::models::closed_form::{DiffusedGaussian, LinearGaussian, QuadraticEnergy, TriangularFlow};
use ebm_core::models::{Energy, Generator};
use ebm_core::{device::Real, diffusion::Process, kernels::Activation, parameter::Module, random::Random};
use ebm_models::mlp::{EmbeddingConfig, MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig, TimeConfig};
use ebm_models::noise::{LearnedNoise, NoiseConfig};

/// Models, samples and random numbers.
pub(super) struct Situation<G: Geometry> {
    pub generator: Box<dyn Generator<G>>,
    pub energy: Box<dyn Energy<G>>,
    /// `[B, d]`
    pub latents: Latents<G>,
    /// `[B, D]`
    pub data: Samples<G>,
    pub random: Random,
    pub step: u64,
}

/// Iterations to be in, the first one first.
const STEPS: [u64; 5] = [1, 2, 17, 1_000, 150_000];
/// The root of the sum of squares of a faint W, in units of the noise.
const FAINT: f64 = 0.25;

impl<G: Geometry> Situation<G> {
    /// The situation of a case. `timed`: the energy knows a diffusion time.
    pub fn new(geometry: G, case: &Case, timed: bool) -> Self {
        let generator: Box<dyn Generator<G>> = match case.generator {
            GeneratorKind::Linear => Box::new(linear(geometry, case)),
            GeneratorKind::Flow => Box::new(flow(geometry, case)),
            GeneratorKind::Network => Box::new(network(geometry, case, false)),
        };
        let energy: Box<dyn Energy<G>> = match case.energy {
            EnergyKind::Quadratic => quadratic(geometry, case, timed),
            EnergyKind::Network => Box::new(network_energy(geometry, case, timed)),
        };
        let batch = Batch::new(geometry, case, 0);
        Self { generator, energy, latents: batch.latents, data: batch.data, random: batch.random, step: step(case) }
    }

    /// Replaces samples and random numbers by independent ones, those of a draw; the models stay.
    pub fn redraw(&mut self, case: &Case, draw: u64) {
        let batch = Batch::new(self.generator.geometry(), case, draw);
        (self.latents, self.data, self.random) = (batch.latents, batch.data, batch.random);
        // A bound may draw from what it was built with, by the step.
        self.step = step(case) + draw;
    }
}

fn step(case: &Case) -> u64 {
    STEPS[case.seed as usize % STEPS.len()]
}

/// The samples and the random numbers of a step.
struct Batch<G: Geometry> {
    latents: Latents<G>,
    data: Samples<G>,
    random: Random,
}

impl<G: Geometry> Batch<G> {
    fn new(geometry: G, case: &Case, draw: u64) -> Self {
        // The seeds of cases are small.
        let random = Random::new(case.seed + (draw << 32));
        Self {
            latents: geometry.latents(random.stream("latents").normals(case.batch * case.latent)),
            data: geometry.samples(random.stream("data").normals(case.batch * case.data)),
            random: random.stream("step"),
        }
    }
}

fn normals(case: &Case, purpose: &str, n: usize) -> Vec<f64> {
    Random::new(case.seed).stream(purpose).normals(n).into_iter().map(f64::from).collect()
}

/// The generator x = W z + b + sigma n of a case, its volume large or small.
pub(super) fn linear<G: Geometry>(geometry: G, case: &Case) -> LinearGaussian<G> {
    let (d, wide) = (case.latent, case.data);
    let spread = if d == wide { 0.4 } else { 1.0 } / (d as f64).sqrt();
    let mut weight: Vec<f64> = normals(case, "weight", wide * d);
    weight.iter_mut().for_each(|w| *w *= spread);
    if d == wide {
        (0..d).for_each(|i| weight[i * d + i] += 1.0);
    }
    let factor = match case.faint {
        true => FAINT * case.noise / weight.iter().map(|w| w * w).sum::<f64>().sqrt(),
        false => (0.7 * normals(case, "size", 1)[0]).exp(),
    };
    weight.iter_mut().for_each(|w| *w *= factor);
    LinearGaussian::new(geometry, &weight, &normals(case, "bias", wide), case.noise)
}

pub(super) fn flow<G: Geometry>(geometry: G, case: &Case) -> TriangularFlow<G> {
    let half = |purpose: &str| -> Vec<f64> {
        normals(case, purpose, case.latent * case.latent).into_iter().map(|v| 0.5 * v).collect()
    };
    TriangularFlow::new(geometry, &half("scale"), &half("shift"))
}

/// A small network as generator. `coupled`: with batch-norm.
pub(super) fn network<G: Geometry>(geometry: G, case: &Case, coupled: bool) -> MlpGenerator<G> {
    let config = MlpGeneratorConfig {
        hidden: vec![6, 5],
        activation: Activation::Silu,
        batch_norm: coupled,
        noise: match case.learns_noise() {
            true => NoiseConfig::Learned { learned: LearnedNoise { start: case.noise, min: 1e-3, max: 10.0 } },
            false => NoiseConfig::Given(case.noise.into()),
        },
        init_gain: 1.7,
        ..Default::default()
    };
    MlpGenerator::new(geometry, &config, Random::new(case.seed).stream("generator"))
}

/// A symmetric positive definite matrix `[D, D]` and a mean `[D]`.
pub(super) fn precision(case: &Case) -> (Vec<f64>, Vec<f64>) {
    let n = case.data;
    let c = normals(case, "precision", n * n);
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let gram: f64 = (0..n).map(|k| c[i * n + k] * c[j * n + k]).sum();
            a[i * n + j] = gram / n as f64 + if i == j { 0.5 } else { 0.0 };
        }
    }
    (a, normals(case, "mean", n).iter().map(|v| 0.5 * v).collect())
}

fn quadratic<G: Geometry>(geometry: G, case: &Case, timed: bool) -> Box<dyn Energy<G>> {
    let (precision, mean) = precision(case);
    if timed && let Some(diffused) = DiffusedGaussian::new(geometry, Process::default(), &precision, &mean) {
        return Box::new(diffused);
    }
    Box::new(QuadraticEnergy::new(geometry, &precision, &mean))
}

/// A small network as energy, normalisable and with a known log-Sobolev constant.
fn network_energy<G: Geometry>(geometry: G, case: &Case, timed: bool) -> MlpEnergy<G> {
    let time = EmbeddingConfig { count: 4, width: 3, max_frequency: 6.0 };
    let config = MlpEnergyConfig {
        hidden: vec![6, 5],
        activation: Activation::Tanh,
        confinement: 0.5,
        time: if timed { TimeConfig::Embedded(time) } else { TimeConfig::Static },
        ..Default::default()
    };
    MlpEnergy::new(geometry, &config, Random::new(case.seed).stream("energy"))
}

/// Moves every trained value by a normal one times `size`: a network in the middle of its training.
pub(super) fn shake(module: &mut dyn Module, random: Random, size: f64) {
    let trained = module.parameters_mut().into_iter().filter(|p| p.is_trained());
    for (i, parameter) in (0u64..).zip(trained) {
        let noise = random.stream("shake").at(i).normals(parameter.len());
        let moved: Vec<Real> = parameter.values().iter().zip(noise).map(|(w, n)| w + size as Real * n).collect();
        parameter.set(&moved);
    }
}
