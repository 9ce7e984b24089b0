//! The Jacobian tools.

use ebm_core::device::{PerSample, values};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::jacobian::{
    Columns, IterativeOptions, jacobian, lift, log_mean_square, log_norm_pushforward, log_smallest, log_volume,
    pullback, smallest_pairs, spectrum,
};
use ebm_core::kernels::{Activation, mean};
use ebm_core::models::Generator;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};
use ebm_train::optim::collect_gradients;

use crate::selftest::case::{Case, Found, NETWORK};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::{doubles, in_weights};
use crate::selftest::weights::set_weights;

const BATCH: usize = 21;

fn generator(axes: Runtime) -> MlpGenerator<Runtime> {
    let config = MlpGeneratorConfig {
        hidden: vec![20],
        activation: Activation::Silu,
        ..Default::default()
    };
    let mut generator = MlpGenerator::new(axes, &config, Random::new(0));
    set_weights("jacobian", &mut generator);
    generator
}

fn given(axes: Runtime, f: impl Fn(&dyn Generator<Runtime>) -> Vec<f64> + 'static, name: &str) -> Case {
    let shape = format!("[{}, {}]", axes.data, axes.latent);
    Case::new(format!("jacobian {name}: {shape}"), NETWORK, move || {
        vec![(Compared::Value, f(&generator(axes)))]
    })
}

/// A function of each sample's Jacobian, with its gradients in z and in the generator's weights.
fn differentiable(
    axes: Runtime,
    f: impl Fn(&dyn Generator<Runtime>, ebm_core::geometry::Latents<Runtime, SharedTape>) -> PerSample<SharedTape> + 'static,
    name: &str,
) -> Case {
    let shape = format!("[{}, {}]", axes.data, axes.latent);
    Case::new(format!("jacobian {name}: {shape}"), NETWORK, move || -> Found {
        let generator = generator(axes);
        let z = axes.latents(numbers("latents", BATCH * axes.latent));
        let y = f(&generator, SharedTape::training(Parts::GENERATOR).watch(&z));
        let value = doubles(values(&y));
        let mut gradients = backward(mean(y));
        let in_inputs = doubles(values(&gradients.of(&z)));
        let mut found = vec![(Compared::Value, value), (Compared::InInputs, in_inputs)];
        found.extend(in_weights(collect_gradients(&generator, &mut gradients)));
        found
    })
}

fn columns(generator: &dyn Generator<Runtime>) -> Columns<Runtime> {
    let axes = generator.geometry();
    let z = axes.latents(numbers("latents", BATCH * axes.latent));
    jacobian(generator, SharedTape::off().watch(&z))
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // Square ones, by their own determinant; tall ones, by their Gram matrix; and of two columns, in closed form.
    for (latent, data) in [(4, 4), (4, 7), (2, 5)] {
        let axes = Runtime { latent, data };
        let at = move || axes.latents(numbers("latents", BATCH * latent));
        let v = move || axes.latents(numbers("directions", BATCH * latent));
        cases.push(differentiable(axes, |g, z| log_volume(&jacobian(g, z)), "log_volume"));
        cases.push(differentiable(
            axes,
            |g, z| log_smallest(&jacobian(g, z)),
            "log_smallest",
        ));
        cases.push(differentiable(
            axes,
            move |g, z| log_norm_pushforward(g, z, &v()),
            "log_norm_pushforward",
        ));
        cases.push(given(axes, |g| doubles(values(&columns(g).columns)), "jacobian"));
        cases.push(given(axes, |g| spectrum(&columns(g)).concat(), "spectrum"));
        cases.push(given(axes, move |g| doubles(values(&lift(&columns(g), &v()))), "lift"));
        cases.push(given(axes, move |g| log_mean_square(g, &at()), "log_mean_square"));
        let u = move || axes.samples(numbers("cotangents", BATCH * data));
        cases.push(given(
            axes,
            move |g| doubles(values(&pullback(g, &at(), &u()))),
            "pullback",
        ));
        let solve = move |g: &dyn Generator<Runtime>| {
            let options = IterativeOptions {
                steps: 2,
                tolerance: 1e-6,
            };
            let found = smallest_pairs(g, &at(), &v(), options);
            // With two columns it is done after a step: what is left is rounding.
            let vectors = if latent > 2 {
                doubles(values(&found.vectors))
            } else {
                Vec::new()
            };
            [found.values, vectors].concat()
        };
        cases.push(given(axes, solve, "smallest_pairs"));
    }
    cases
}
