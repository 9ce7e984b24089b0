//! A random situation, as few numbers that can be told and shrunk.

use proptest::prelude::*;
use std::fmt;

/// The make of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// x = W z + b + sigma n, everything known.
    Linear,
    /// A triangular flow: injective and nonlinear, its volume known.
    Flow,
    /// A small network.
    Network,
}

/// The make of the energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Well {
    /// Quadratic, everything known; where a diffusion time is needed, carried along the process.
    Quadratic,
    /// A small network.
    Network,
}

/// What a rule wants of its cases.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// Generators to choose from, the simplest first.
    pub makers: &'static [Maker],
    /// Energies to choose from, the simplest first.
    pub wells: &'static [Well],
    /// Whether the generator must have noise.
    pub noise: bool,
    /// Number of configurations to choose from.
    pub configs: usize,
    /// Samples.
    pub batch: usize,
    /// Largest number of data dimensions.
    pub widest: usize,
}

/// A situation to build.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub maker: Maker,
    pub well: Well,
    /// d
    pub latent: usize,
    /// D
    pub data: usize,
    /// sigma
    pub noise: f64,
    /// Samples.
    pub batch: usize,
    /// Index of the configuration.
    pub config: usize,
    /// Seed of weights, latents and data.
    pub seed: u64,
}

/// Standard deviations of noise, the simplest first.
const NOISES: [f64; 4] = [0.0, 0.3, 0.1, 1.0];

/// Cases of what is wanted; the smaller the numbers, the simpler the case.
pub(super) fn cases(wanted: Wanted) -> impl Strategy<Value = Case> {
    let first = usize::from(wanted.noise);
    let makers = 0..wanted.makers.len();
    let wells = 0..wanted.wells.len();
    let numbers = (
        1..=wanted.widest,
        0..wanted.widest,
        first..NOISES.len(),
        0..wanted.configs.max(1),
    );
    (makers, wells, numbers, any::<u16>()).prop_map(move |(maker, well, (data, less, noise, config), seed)| {
        let maker = wanted.makers[maker];
        let square = maker == Maker::Flow;
        Case {
            maker,
            well: wanted.wells[well],
            // Half of all are square.
            latent: if square {
                data
            } else {
                data.saturating_sub(less.div_ceil(2) * (less % 2)).max(1)
            },
            data,
            noise: if square { 0.0 } else { NOISES[noise] },
            batch: wanted.batch,
            config,
            seed: u64::from(seed),
        }
    })
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generator = match self.maker {
            Maker::Linear => "linear generator",
            Maker::Flow => "triangular flow",
            Maker::Network => "network as generator",
        };
        let energy = match self.well {
            Well::Quadratic => "quadratic energy",
            Well::Network => "network as energy",
        };
        let Self {
            latent,
            data,
            noise,
            batch,
            seed,
            ..
        } = self;
        write!(
            f,
            "{generator}, {energy}, d = {latent}, D = {data}, sigma = {noise}, B = {batch}, seed {seed}"
        )
    }
}
