//! Cases of the self-test: generators and energies with more options than their examples have, and the Jacobian tools on one.

use ebm_core::device::{PerSample, values};
use ebm_core::geometry::{Geometry, Runtime, TapedLatents};
use ebm_core::jacobian::{
    Columns, IterativeOptions, jacobian, lift, log_mean_square, log_norm_pushforward, log_smallest, log_volume,
    pullback, smallest_pairs, spectrum,
};
use ebm_core::kernels::selftest::{Found, NETWORK, Quantity, doubles, in_weights, numbers, set_weights};
use ebm_core::kernels::{Activation, mean};
use ebm_core::models::Generator;
use ebm_core::parameter::collect_gradients;
use ebm_core::random::Random;
use ebm_core::selftest::{Case, energy, generator};
use ebm_core::tape::{Parts, SharedTape, backward};

use crate::mlp::{MlpGenerator, MlpGeneratorConfig};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let generators = [
        (
            "mlp, wide",
            r#"{"kind": "mlp", "latent": 5, "hidden": [40, 30], "activation": "tanh", "output": "tanh"}"#,
            12,
        ),
        ("mlp, batch-norm", r#"{"kind": "mlp", "hidden": [24, 20], "activation": "prelu", "batch_norm": true}"#, 3),
        (
            "flow, six dimensions",
            r#"{"kind": "flow", "layers": 3, "steps": 4, "hidden": [10], "activation": "tanh"}"#,
            6,
        ),
        (
            "conv, residual blocks",
            r#"{"kind": "conv", "latent": 6, "layers": [{"linear": {"to": [4, 4, 8]}},
            {"batch_norm": {"activation": "relu"}}, {"residual": {"layers": [{"up_sample": {}},
            {"conv": {"to": 12, "activation": "silu"}}], "shortcut": [{"up_sample": {}}, {"conv": {"to": 12,
            "kernel": 1}}]}}, {"conv_transpose": {"to": 6, "activation": "prelu"}}, {"conv": {"to": 3,
            "activation": "tanh"}}]}"#,
            16 * 16 * 3,
        ),
        ("conv, cnn-28", r#"{"kind": "conv", "preset": "cnn-28", "latent": 16}"#, 28 * 28 * 3),
    ];
    let energies = [
        (
            "mlp, fourier, confined",
            r#"{"kind": "mlp", "hidden": [40, 30], "activation": "softplus", "confinement": 0.5,
            "output_scale": true, "fourier": {"count": 12, "scale": 1.0}}"#,
            2,
        ),
        (
            "mlp, spectral norm",
            r#"{"kind": "mlp", "hidden": [24, 20], "activation": "leaky-relu", "spectral_norm": true}"#,
            12,
        ),
        (
            "mlp, time",
            r#"{"kind": "mlp", "hidden": [24, 20], "time": {"embedded": {"count": 4, "width": 6,
            "max_frequency": 6.0}}}"#,
            3,
        ),
        (
            "conv, residual blocks",
            r#"{"kind": "conv", "image": [8, 8, 3],
            "output_scale": true, "spectral_norm": true, "layers": [{"conv": {"to": 12,
            "activation": {"leaky": 0.125}}}, {"residual": {"layers": [{"conv": {"to": 12,
            "activation": "silu"}}, {"average_pool": {}}], "shortcut": [{"average_pool": {}}]}},
            {"sum_pool": {}}, {"linear": {"to": [1]}}]}"#,
            8 * 8 * 3,
        ),
        (
            "conv, time",
            r#"{"kind": "conv", "image": [8, 8, 3], "confinement": 0.5, "time": {"embedded": {"count": 4,
            "width": 6, "max_frequency": 6.0}}, "layers": [{"conv": {"to": 10, "kernel": 4, "stride": 2,
            "padding": 1, "activation": "tanh"}}, {"linear": {"to": [1]}}]}"#,
            8 * 8 * 3,
        ),
        ("conv, cnn-28", r#"{"kind": "conv", "preset": "cnn-28"}"#, 28 * 28 * 3),
    ];
    let generators = generators.into_iter().flat_map(|(name, json, width)| generator(name, json, width));
    let energies = energies.map(|(name, json, width)| energy(name, json, width));
    generators.chain(energies).chain(jacobians()).collect()
}

const BATCH: usize = 21;

fn mlp(axes: Runtime) -> MlpGenerator<Runtime> {
    let config = MlpGeneratorConfig { hidden: vec![20], activation: Activation::Silu, ..Default::default() };
    let mut generator = MlpGenerator::new(axes, &config, Random::new(0));
    set_weights("jacobian", &mut generator);
    generator
}

fn given(axes: Runtime, f: impl Fn(&dyn Generator<Runtime>) -> Vec<f64> + 'static, name: &str) -> Case {
    let shape = format!("[{}, {}]", axes.data, axes.latent);
    Case::new(format!("jacobian {name}: {shape}"), NETWORK, move || vec![(Quantity::Value, f(&mlp(axes)))])
}

/// A function of each sample's Jacobian, with its gradients in z and in the generator's weights.
fn differentiable(
    axes: Runtime,
    f: impl Fn(&dyn Generator<Runtime>, TapedLatents<Runtime>) -> PerSample<SharedTape> + 'static,
    name: &str,
) -> Case {
    let shape = format!("[{}, {}]", axes.data, axes.latent);
    Case::new(format!("jacobian {name}: {shape}"), NETWORK, move || -> Found {
        let generator = mlp(axes);
        let z = axes.latents(numbers("latents", BATCH * axes.latent));
        let y = f(&generator, SharedTape::training(Parts::GENERATOR).watch(&z));
        let value = Quantity::Value.of(&y);
        let mut gradients = backward(mean(y));
        let mut found = vec![value, Quantity::InInputs.of(&gradients.of(&z))];
        found.extend(in_weights(collect_gradients(&generator, &mut gradients)));
        found
    })
}

fn columns(generator: &dyn Generator<Runtime>) -> Columns<Runtime> {
    let axes = generator.geometry();
    let z = axes.latents(numbers("latents", BATCH * axes.latent));
    jacobian(generator, SharedTape::off().watch(&z))
}

fn jacobians() -> Vec<Case> {
    let mut cases = Vec::new();
    // Square ones, by their own determinant; tall ones, by their Gram matrix; and of two columns, in closed form.
    for (latent, data) in [(4, 4), (4, 7), (2, 5)] {
        let axes = Runtime { latent, data };
        let at = move || axes.latents(numbers("latents", BATCH * latent));
        let v = move || axes.latents(numbers("directions", BATCH * latent));
        cases.push(differentiable(axes, |g, z| log_volume(&jacobian(g, z)), "log_volume"));
        cases.push(differentiable(axes, |g, z| log_smallest(&jacobian(g, z)), "log_smallest"));
        cases.push(differentiable(axes, move |g, z| log_norm_pushforward(g, z, &v()), "log_norm_pushforward"));
        cases.push(given(axes, |g| doubles(values(&columns(g).columns)), "jacobian"));
        cases.push(given(axes, |g| spectrum(&columns(g)).concat(), "spectrum"));
        cases.push(given(axes, move |g| doubles(values(&lift(&columns(g), &v()))), "lift"));
        cases.push(given(axes, move |g| log_mean_square(g, &at()), "log_mean_square"));
        let u = move || axes.samples(numbers("cotangents", BATCH * data));
        cases.push(given(axes, move |g| doubles(values(&pullback(g, &at(), &u()))), "pullback"));
        let solve = move |g: &dyn Generator<Runtime>| {
            let options = IterativeOptions { steps: 2, tolerance: 1e-6 };
            let found = smallest_pairs(g, &at(), &v(), options);
            // With two columns it is done after a step: what is left is rounding.
            let vectors = if latent > 2 { doubles(values(&found.vectors)) } else { Vec::new() };
            [found.values, vectors].concat()
        };
        cases.push(given(axes, solve, "smallest_pairs"));
    }
    cases
}
