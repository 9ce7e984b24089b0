//! Training iterations: the papers' toy setting, and the default example's nets.
//!
//! `cargo bench -p ebm-tests --bench step`

mod common;

use bounds_gp::{GpConfig, Volume};
use bounds_sv::{SvConfig, Variant};
use divan::Bencher;
use ebm_core::geometry::Fixed;
use ebm_core::kernels::Activation;
use ebm_models::mlp::{FourierConfig, MlpEnergyConfig, MlpGeneratorConfig};
use ebm_train::{Components, TrainConfig};

fn main() {
    common::run();
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
    let parts = Components { energy: &energy, generator: &generator, lower: &SvConfig::default(), upper: &upper };
    common::step(bencher, Fixed::<2, 2>, parts, TrainConfig { batch: 200, ..Default::default() });
}

/// Three hidden layers of 128, SiLU, Fourier features, exact volume.
#[divan::bench]
fn smooth_nets(bencher: Bencher) {
    let energy =
        MlpEnergyConfig { fourier: FourierConfig { count: 64, scale: 1.0 }, confinement: 0.5, ..Default::default() };
    let lower = SvConfig { variant: Variant::LogDet, ..Default::default() };
    let upper = GpConfig { volume: Volume::LogDet, projections: 0, weight: 0.01.into(), ..Default::default() };
    let parts = Components { energy: &energy, generator: &MlpGeneratorConfig::default(), lower: &lower, upper: &upper };
    common::step(bencher, Fixed::<2, 2>, parts, TrainConfig { batch: 200, ..Default::default() });
}
