use proptest::prelude::*;
use std::fmt;

/// The make of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GeneratorKind {
    /// x = W z + b + sigma n, everything known.
    Linear,
    /// A triangular flow: injective and nonlinear, its volume known.
    Flow,
    Network,
}

/// The make of the energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnergyKind {
    /// Quadratic, everything known; where a diffusion time is needed, carried along the process.
    Quadratic,
    Network,
}

/// The cases that a rule asks for.
#[derive(Clone, Copy)]
pub(super) struct CaseSpec {
    /// Generators to choose from, the simplest first.
    pub generators: &'static [GeneratorKind],
    /// Energies to choose from, the simplest first.
    pub energies: &'static [EnergyKind],
    /// Whether the generator must have noise.
    pub noise: bool,
    /// Number of configurations, all of which are tried.
    pub configs: usize,
    pub batch: usize,
    /// Largest number of data dimensions.
    pub widest: usize,
}

/// A situation to build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub generator: GeneratorKind,
    pub energy: EnergyKind,
    /// d
    pub latent: usize,
    /// D
    pub data: usize,
    /// sigma
    pub noise: f64,
    pub batch: usize,
    /// Index of the configuration.
    pub config: usize,
    /// Seed of weights, latents and data.
    pub seed: u64,
    /// Whether W of a linear generator is small beside the noise, so that a sample tells little of its latent.
    pub faint: bool,
}

impl Case {
    /// Whether the noise is a parameter of the generator.
    pub fn learns_noise(&self) -> bool {
        self.generator == GeneratorKind::Network && self.noise > 0.0
    }

    /// One with the quadratic energy.
    pub fn simple(generator: GeneratorKind, latent: usize, data: usize, noise: f64) -> Self {
        Self {
            generator,
            energy: EnergyKind::Quadratic,
            latent,
            data,
            noise,
            batch: 8,
            config: 0,
            seed: 1,
            faint: false,
        }
    }
}

/// Standard deviations of noise, the simplest first.
const NOISES: [f64; 4] = [0.0, 0.3, 0.1, 1.0];

/// Cases of what is spec, with one configuration; the smaller the numbers, the simpler the case.
pub(super) fn cases(spec: CaseSpec, config: usize) -> impl Strategy<Value = Case> {
    let first = usize::from(spec.noise);
    let generators = 0..spec.generators.len();
    let energies = 0..spec.energies.len();
    let numbers = (1..=spec.widest, 0..spec.widest, first..NOISES.len());
    (generators, energies, numbers, any::<u16>()).prop_map(move |(generator, energy, (data, less, noise), seed)| {
        let generator = spec.generators[generator];
        let square = generator == GeneratorKind::Flow;
        Case {
            generator,
            energy: spec.energies[energy],
            // Half of all are square.
            latent: if square { data } else { data.saturating_sub(less.div_ceil(2) * (less % 2)).max(1) },
            data,
            noise: if square { 0.0 } else { NOISES[noise] },
            batch: spec.batch,
            config,
            seed: u64::from(seed),
            faint: false,
        }
    })
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generator = match self.generator {
            GeneratorKind::Linear => "linear generator",
            GeneratorKind::Flow => "triangular flow",
            GeneratorKind::Network => "network as generator",
        };
        let energy = match self.energy {
            EnergyKind::Quadratic => "quadratic energy",
            EnergyKind::Network => "network as energy",
        };
        let Self { latent, data, noise, batch, seed, .. } = self;
        let learned = if self.learns_noise() { " (learned)" } else { "" };
        write!(f, "{generator}, {energy}, d = {latent}, D = {data}, sigma = {noise}{learned}, B = {batch}, seed {seed}")
    }
}
