//! Training iterations: the papers' toy setting, and the default example's nets.
//!
//! `cargo bench -p ebm-tests --bench step`

use std::sync::Arc;

use bounds_gp::{GpConfig, Volume};
use bounds_sv::{SvConfig, Variant};
use divan::Bencher;
use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::geometry::Fixed;
use ebm_core::kernels::Activation;
use ebm_core::random::Random;
use ebm_models::mlp::{FourierConfig, MlpEnergyConfig, MlpGeneratorConfig};
use ebm_train::{Components, Players, TrainConfig, Trainer};

// Part of what is measured.
#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

fn main() {
    ebm_core::kernels::parallel::join_pool();
    divan::main();
}

/// Standard normal data: the cost of a step does not depend on it.
struct Normal;

impl Dataset for Normal {
    fn width(&self) -> usize {
        2
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(2 * n)
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(2 * n)
    }
}

fn trainer(
    energy: MlpEnergyConfig,
    generator: MlpGeneratorConfig,
    lower: SvConfig,
    upper: GpConfig,
    batch: usize,
) -> Trainer<Fixed<2, 2>> {
    let config = TrainConfig { steps: u64::MAX, batch, ..Default::default() };
    let parts = Components { energy: &energy, generator: &generator, lower: &lower, upper: &upper };
    let players = Players::build(Fixed, parts, &config, Random::new(1)).expect("a valid configuration");
    Trainer::new(config, players, Arc::new(Normal), Random::new(2)).expect("a valid configuration")
}

/// The papers' toy setting: see `examples/paper/25-gaussians.toml`.
#[divan::bench]
fn paper_toy(bencher: Bencher) {
    let energy = MlpEnergyConfig {
        hidden: vec![100, 100],
        activation: Activation::Prelu,
        output_scale: true,
        ..Default::default()
    };
    let generator = MlpGeneratorConfig {
        hidden: vec![100, 100],
        activation: Activation::Prelu,
        batch_norm: true,
        ..Default::default()
    };
    let upper = GpConfig { margin: 1.0, ..Default::default() };
    let mut trainer = trainer(energy, generator, SvConfig::default(), upper, 200);
    bencher.bench_local(|| trainer.advance(false).expect("a finite step"));
}

/// Three hidden layers of 128, SiLU, Fourier features, exact volume.
#[divan::bench]
fn smooth_nets(bencher: Bencher) {
    let energy =
        MlpEnergyConfig { fourier: FourierConfig { count: 64, scale: 1.0 }, confinement: 0.5, ..Default::default() };
    let lower = SvConfig { variant: Variant::LogDet, ..Default::default() };
    let upper = GpConfig { volume: Volume::LogDet, projections: 0, weight: 0.01, ..Default::default() };
    let mut trainer = trainer(energy, MlpGeneratorConfig::default(), lower, upper, 200);
    bencher.bench_local(|| trainer.advance(false).expect("a finite step"));
}
