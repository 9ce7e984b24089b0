//! Cases of the self-test: updates of weights, and some iterations of training.

use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::kernels::selftest::{
    Case, Draws, Found, OPERATION, Quantity, TRAINING, change, doubles, numbers, set_weights, trained,
};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::registry::{EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
use ebm_core::{data::Dataset, device::Real, error::ConfigError};
use serde::Deserialize;
use std::sync::Arc;

use crate::optim::{Adam, AdamConfig, Gradient, Optimizer, average};
use crate::{Components, Players, StepReport, TrainConfig, Trainer};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let training = PROBLEMS.map(|(name, json, latent, data)| {
        Case::fallible(format!("training {name}"), TRAINING, Draws::Normals, move |seed| {
            train(json, Runtime { latent, data }, seed)
        })
    });
    training.into_iter().chain(optimizers()).collect()
}

const STEPS: usize = 3;

/// The problems: a name, the players and bounds, the widths of latents and data.
const PROBLEMS: [(&str, &str, usize, usize); 3] = [
    (
        "sv+gp",
        r#"{
            "generator": {"kind": "mlp", "latent": 3, "hidden": [24, 20], "batch_norm": true},
            "energy": {"kind": "mlp", "hidden": [24, 20], "activation": "tanh", "confinement": 0.5},
            "lower": {"kind": "sv"},
            "upper": {"kind": "gp", "projections": 0, "weight": 0.5}
        }"#,
        3,
        4,
    ),
    (
        "mi+zero-gp",
        r#"{
            "generator": {"kind": "mlp", "latent": 3, "hidden": [24, 20], "noise": 0.25},
            "energy": {"kind": "mlp", "hidden": [24, 20], "spectral_norm": true, "output_scale": true},
            "lower": {"kind": "mi", "estimator": "barber-agakov", "optimizer": {"learning_rate": 0.0625, "epsilon": 0.0625}},
            "upper": {"kind": "zero-gp", "weight": 0.5}
        }"#,
        3,
        4,
    ),
    (
        "sv+gp, images",
        r#"{
            "generator": {"kind": "conv", "latent": 5, "layers": [
                {"linear": {"to": [4, 4, 8]}}, {"conv_transpose": {"to": 10}}, {"batch_norm": {"activation": "silu"}},
                {"conv": {"to": 3, "activation": "tanh"}}
            ]},
            "energy": {"kind": "conv", "image": [8, 8, 3], "layers": [
                {"conv": {"to": 10, "kernel": 4, "stride": 2, "padding": 1, "activation": "silu"}}, {"linear": {"to": [1]}}
            ]},
            "lower": {"kind": "sv"},
            "upper": {"kind": "gp", "projections": 0, "volume": "none", "weight": 0.5}
        }"#,
        5,
        8 * 8 * 3,
    ),
];

/// Training whose steps do not depend on the sign of gradients near zero.
const TRAIN: &str = r#"{
    "steps": 10,
    "batch": 16,
    "energy": {"average": 0.75, "optimizer": {"learning_rate": 0.0625, "beta1": 0.5, "epsilon": 0.0625}},
    "generator": {"optimizer": {"learning_rate": 0.0625, "beta1": 0.5, "epsilon": 0.0625}}
}"#;

#[derive(Deserialize)]
struct Problem {
    generator: Box<dyn GeneratorConfig>,
    energy: Box<dyn EnergyConfig>,
    lower: Box<dyn LowerBoundConfig>,
    upper: Box<dyn UpperBoundConfig>,
}

/// Data that are the same in both precisions.
struct Given(usize);

impl Dataset for Given {
    fn width(&self) -> usize {
        self.0
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        numbers(&format!("data of step {}", random.step()), n * self.0)
    }
}

fn train(json: &str, axes: Runtime, seed: u64) -> Result<Found, String> {
    let problem: Problem = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let config: TrainConfig = serde_json::from_str(TRAIN).map_err(|error| error.to_string())?;
    let components = Components {
        energy: &*problem.energy,
        generator: &*problem.generator,
        lower: &*problem.lower,
        upper: &*problem.upper,
    };
    let random = Random::new(seed).stream("selftest");
    let message = |error: ConfigError| error.to_string();
    let mut players = Players::build(axes, components, &config, random).map_err(message)?;
    set_weights("energy", &mut *players.energy);
    set_weights("generator", &mut *players.generator);
    set_weights("lower", &mut *players.lower);
    let before = [trained(&*players.energy), trained(&*players.generator)].concat();
    let mut trainer = Trainer::new(config, players, Arc::new(Given(axes.data_width())), random).map_err(message)?;
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        losses.extend(figures(&trainer.advance(true).map_err(|error| error.to_string())?));
    }
    // The energy's average, and the generator itself.
    let after = [trained(trainer.energy()), trained(trainer.generator())].concat();
    let mut found = change(&before, &after);
    found.push((Quantity::Value, losses));
    Ok(found)
}

fn figures(report: &StepReport) -> Vec<f64> {
    let terms = [&report.data_energy, &report.generated_energy, &report.entropy, &report.divergence];
    let terms = terms.into_iter().flatten().map(|term| term.value);
    let others =
        [report.energy_loss, report.generator_loss, report.energy_gradient_norm, report.generator_gradient_norm];
    terms.chain(others.into_iter().flatten()).collect()
}

/// The arrays of three layers.
fn model(name: &str) -> Vec<Parameter> {
    let layer = |(i, (inputs, outputs)): (usize, (usize, usize))| {
        let array = |what: &str, shape: Vec<usize>| {
            let zeros = vec![0.0; shape.iter().product()];
            Parameter::trained(format!("layers.{i}.{what}"), shape, zeros)
        };
        [array("weight", vec![outputs, inputs]), array("bias", vec![outputs])]
    };
    let sizes = [(2, 45), (45, 30), (30, 1)].into_iter().enumerate();
    let mut model: Vec<Parameter> = sizes.flat_map(layer).collect();
    set_weights(name, &mut model);
    model
}

fn gradients(name: &str, step: usize, model: &dyn Module) -> Vec<Vec<Real>> {
    let arrays = model.parameters().into_iter().filter(|p| p.is_trained());
    arrays.map(|p| numbers(&format!("{name}/{step}/{}", p.name()), p.len())).collect()
}

fn adam(name: &'static str, config: AdamConfig) -> Case {
    Case::new(format!("optimizer adam: {name}"), OPERATION, move || {
        let mut model = model("adam");
        let mut adam = Adam::new(config.clone(), &model);
        let mut norms = Vec::new();
        let before = trained(&model);
        for step in 0..3 {
            let gradient = Gradient::from_host(&gradients(name, step, &model));
            let norm = gradient.norm();
            adam.mark();
            adam.update(&mut model, &gradient, norm, 0.5);
            norms.push(norm);
        }
        let mut found = change(&before, &trained(&model));
        found.push((Quantity::Value, norms));
        let moments = adam.state(&model).into_values();
        found.extend(moments.map(|(_, values)| (Quantity::Value, doubles(values))));
        found
    })
}

fn optimizers() -> Vec<Case> {
    // A rate at which the change of a weight is no smaller than its rounding.
    let plain = AdamConfig { learning_rate: 0.25, ..Default::default() };
    let full =
        AdamConfig { beta1: 0.75, beta2: 0.875, epsilon: 0.0625, weight_decay: 0.125, clip: 8.0, ..plain.clone() };
    vec![
        adam("defaults", plain),
        adam("momentum, decay, clipping", full),
        Case::new("optimizer average", OPERATION, || {
            let (mut kept, model) = (model("kept"), model("model"));
            average(&mut kept, &model, 0.75, 1_000);
            trained(&kept).into_iter().map(|array| (Quantity::InWeights, array)).collect()
        }),
    ]
}
