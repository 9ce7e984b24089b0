//! Generators and energies of every kind.

use ebm_core::geometry::{Geometry, Latents, Runtime};
use ebm_core::jacobian::{jacobian, spectrum};
use ebm_core::models::{Energy, Generator};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{device::Real, kernels::Activation, parameter::Module, random::Random};
use ebm_models::flow::FlowGenerator;
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig};
use ebm_tests::{Draws, options, square};

pub const BATCH: usize = 3;
/// Seeds of the latents that lower and upper bounds are evaluated at.
pub const GENERATOR_BATCH: u64 = 2;
pub const ENERGY_BATCH: u64 = 4;

pub fn latents(g: Runtime, seed: u64) -> Latents<Runtime> {
    g.latents(Random::new(seed).stream("z").normals(BATCH * g.latent))
}

/// Of generators made from several seeds, the one whose smallest singular values are farthest from zero and from the next
/// ones: elsewhere they bend so much that differences in single precision are useless.
pub fn smoothest<M: Generator<Runtime> + 'static>(make: impl Fn(u64) -> M) -> Box<dyn Generator<Runtime>> {
    let margin = |generator: &M| {
        let mut least = f64::INFINITY;
        for seed in [GENERATOR_BATCH, ENERGY_BATCH] {
            let z = latents(generator.geometry(), seed);
            for s in spectrum(&jacobian(generator, SharedTape::off().watch(&z))) {
                let gap = s.get(1).map_or(f64::INFINITY, |next| next - s[0]);
                least = least.min(s[0].min(gap) / s[s.len() - 1]);
            }
        }
        least
    };
    let best = (0..60).map(make).max_by(|a, b| margin(a).total_cmp(&margin(b)));
    Box::new(best.unwrap())
}

pub fn mlp_generator(g: Runtime, activation: Activation) -> Box<dyn Generator<Runtime>> {
    let config = MlpGeneratorConfig { activation, ..options("hidden = [6, 5], init_gain = 1.7") };
    smoothest(|seed| MlpGenerator::new(g, &config, Random::new(seed)))
}

/// A coupling flow far from the identity, where it starts.
pub fn coupling_flow(d: usize) -> Box<dyn Generator<Runtime>> {
    let config = options("layers = 2, steps = 3, hidden = [4]");
    smoothest(|seed| {
        let mut flow = FlowGenerator::new(square(d), &config, Random::new(seed));
        for (i, p) in (0u64..).zip(flow.parameters_mut()) {
            let noise = Random::new(seed).stream("move").at(i).normals(p.len());
            let moved: Vec<Real> = p.values().iter().zip(noise).map(|(w, n)| w + 0.3 * n).collect();
            p.set(&moved);
        }
        flow
    })
}

pub fn generators() -> Vec<(String, Box<dyn Generator<Runtime>>)> {
    let mut all: Vec<(String, Box<dyn Generator<Runtime>>)> = Vec::new();
    for (latent, data) in [(1, 2), (2, 2), (2, 3), (3, 4)] {
        for activation in [Activation::Silu, Activation::Softplus, Activation::Tanh] {
            let g = Runtime { latent, data };
            let label = format!("mlp {activation:?} {latent}->{data}");
            all.push((label, mlp_generator(g, activation)));
        }
    }
    for d in [2, 3] {
        let (flow, linear) =
            (smoothest(|seed| Draws::new(seed).flow(d)), smoothest(|seed| Draws::new(seed).linear(d, 0.0)));
        all.push((format!("triangular flow {d}"), flow));
        all.push((format!("coupling flow {d}"), coupling_flow(d)));
        all.push((format!("linear {d}"), linear));
    }
    all
}

pub fn energies(g: Runtime) -> Vec<(&'static str, Box<dyn Energy<Runtime>>)> {
    let mlp = |more: &str| {
        let config: MlpEnergyConfig = options(&format!("hidden = [5, 4], init_gain = 1.7, {more}"));
        Box::new(MlpEnergy::new(g, &config, Random::new(31)))
    };
    let mut spectral = mlp("spectral_norm = true");
    // The largest singular value is differentiated at fixed singular vectors, which is right once those have converged.
    for _ in 0..300 {
        let x = g.samples(vec![0.0; g.data]);
        let _ = Energy::forward(&*spectral, SharedTape::training(Parts::ENERGY).watch(&x));
        spectral.commit();
    }
    vec![
        ("quadratic", Box::new(Draws::new(8).quadratic(g.latent, g.data))),
        ("silu", mlp("activation = 'silu'")),
        ("tanh, confined", mlp("activation = 'tanh', confinement = 0.7")),
        ("fourier", mlp("fourier = { count = 3, scale = 0.2 }")),
        ("scaled", mlp("output_scale = true")),
        ("spectral norm", spectral),
    ]
}
