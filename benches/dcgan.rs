//! The CIFAR-10 DCGAN pair at batch 64: forwards, forwards and backwards, and a whole training step of `sv` and `gp`.
//!
//! `cargo bench -p ebm-tests --bench dcgan`; the same in PyTorch: `benches/peers/dcgan_step.py`.

mod common;

use bounds_gp::GpConfig;
use bounds_sv::{IterativeSolver, Solver, SvConfig};
use divan::Bencher;
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::kernels::{row_dot, sum};
use ebm_core::models::{Energy, Generator};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_models::conv::{ConvEnergy, ConvEnergyConfig, ConvGenerator, ConvGeneratorConfig};
use ebm_train::optim::collect_gradients;
use ebm_train::{Components, TrainConfig};

const BATCH: usize = 64;
const AXES: Runtime = Runtime { latent: 128, data: 32 * 32 * 3 };

fn main() {
    common::run();
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn energy_forward(bencher: Bencher) {
    let energy = ConvEnergy::new(AXES, &ConvEnergyConfig::default(), Random::new(1)).expect("the preset fits");
    let x = AXES.samples(Random::new(2).normals(BATCH * AXES.data));
    bencher.bench_local(|| energy.forward(SharedTape::off().watch(&x)));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn energy_forward_and_backward(bencher: Bencher) {
    let energy = ConvEnergy::new(AXES, &ConvEnergyConfig::default(), Random::new(1)).expect("the preset fits");
    let x = AXES.samples(Random::new(2).normals(BATCH * AXES.data));
    bencher.bench_local(|| {
        let energies = energy.forward(SharedTape::training(Parts::ENERGY).watch(&x));
        collect_gradients(&energy, &mut backward(sum(energies)))
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn generator_forward(bencher: Bencher) {
    let generator = ConvGenerator::new(AXES, &ConvGeneratorConfig::default(), Random::new(1)).expect("the preset fits");
    let z = AXES.latents(Random::new(2).normals(BATCH * AXES.latent));
    bencher.bench_local(|| generator.forward(SharedTape::off().watch(&z)));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn generator_forward_and_backward(bencher: Bencher) {
    let generator = ConvGenerator::new(AXES, &ConvGeneratorConfig::default(), Random::new(1)).expect("the preset fits");
    let z = AXES.latents(Random::new(2).normals(BATCH * AXES.latent));
    bencher.bench_local(|| {
        let x = generator.forward(SharedTape::training(Parts::GENERATOR).watch(&z));
        collect_gradients(&generator, &mut backward(sum(row_dot(x.clone(), x))))
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn sv_gp_step(bencher: Bencher) {
    let config = TrainConfig { batch: BATCH, lambda: 1e-4_f64.into(), ..Default::default() };
    let lower = SvConfig {
        solver: Solver::Iterative(IterativeSolver { steps: 2, ..Default::default() }),
        ..Default::default()
    };
    let parts = Components {
        energy: &ConvEnergyConfig::default(),
        generator: &ConvGeneratorConfig::default(),
        lower: &lower,
        upper: &GpConfig { volume: bounds_gp::Volume::None, ..Default::default() },
    };
    common::step(bencher, AXES, parts, config);
}
