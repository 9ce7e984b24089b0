//! What benchmarks of training share.

use divan::Bencher;
use ebm_cli::bench::Normal;
use ebm_core::{random::Random, registry::SupportedGeometry};
use ebm_train::{Components, Players, TrainConfig, Trainer};
use std::sync::Arc;

// Part of what is measured.
#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

/// Runs the benchmarks of the program.
pub fn run() {
    ebm_core::kernels::parallel::join_pool();
    divan::main();
}

/// A step of training these models by these bounds.
pub fn step<G: SupportedGeometry>(bencher: Bencher, axes: G, parts: Components<'_>, config: TrainConfig) {
    let config = TrainConfig { steps: u64::MAX, ..config };
    let players = Players::build(axes, parts, &config, Random::new(1)).expect("a valid configuration");
    let data = Arc::new(Normal(axes.data_width()));
    let mut trainer = Trainer::new(config, players, data, Random::new(2)).expect("a valid configuration");
    bencher.bench_local(|| trainer.advance(false).expect("a finite step"));
}
