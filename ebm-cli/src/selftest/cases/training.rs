//! Some iterations of training: losses, and how the weights changed.

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::random::Random;
use ebm_train::{Players, StepReport, Trainer};
use std::sync::Arc;

use crate::config::{Layers, Origin, RunConfig};
use crate::selftest::case::{Case, Draws, Found, TRAINING};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::weights::{change, set_weights, trained};

const STEPS: usize = 3;

/// What is trained: a name, its configuration, the axes.
const PROBLEMS: [(&str, &str, Runtime); 3] = [
    (
        "sv+gp",
        "generator = { kind = \"mlp\", latent = 3, hidden = [24, 20], batch_norm = true }\n\
         energy = { kind = \"mlp\", hidden = [24, 20], activation = \"tanh\", confinement = 0.5 }\n\
         lower = { kind = \"sv\" }\nupper = { kind = \"gp\", projections = 0, weight = 0.5 }",
        Runtime { latent: 3, data: 4 },
    ),
    (
        "mi+zero-gp",
        "generator = { kind = \"mlp\", latent = 3, hidden = [24, 20], noise = 0.25 }\n\
         energy = { kind = \"mlp\", hidden = [24, 20], spectral_norm = true, output_scale = true }\n\
         lower = { kind = \"mi\", estimator = \"barber-agakov\", optimizer = { learning_rate = 0.0625, epsilon = 0.0625 } }\n\
         upper = { kind = \"zero-gp\", weight = 0.5 }",
        Runtime { latent: 3, data: 4 },
    ),
    (
        "sv+gp, images",
        "generator = { kind = \"conv\", latent = 5, layers = [{ linear = { to = [4, 4, 8] } }, \
         { conv_transpose = { to = 10 } }, { batch_norm = { activation = \"silu\" } }, { conv = { to = 3, activation = \"tanh\" } }] }\n\
         energy = { kind = \"conv\", image = [8, 8, 3], layers = [{ conv = { to = 10, kernel = 4, stride = 2, padding = 1, \
         activation = \"silu\" } }, { linear = { to = [1] } }] }\n\
         lower = { kind = \"sv\" }\nupper = { kind = \"gp\", projections = 0, volume = \"none\", weight = 0.5 }",
        Runtime {
            latent: 5,
            data: 8 * 8 * 3,
        },
    ),
];

/// Moves that do not hang on the sign of gradients near zero.
const TRAIN: &str = "train = { steps = 10, batch = 16, \
     energy = { average = 0.75, optimizer = { learning_rate = 0.0625, beta1 = 0.5, epsilon = 0.0625 } }, \
     generator = { optimizer = { learning_rate = 0.0625, beta1 = 0.5, epsilon = 0.0625 } } }";

pub fn cases() -> Vec<Case> {
    let case = |(name, text, axes)| {
        Case::fallible(format!("training {name}"), TRAINING, Draws::Normals, move |seed| {
            train(text, axes, seed)
        })
    };
    PROBLEMS.map(case).into()
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

fn train(text: &str, axes: Runtime, seed: u64) -> Result<Found, String> {
    let config = configuration(text)?;
    let random = Random::new(seed).stream("selftest");
    let told = |error: ebm_core::error::ConfigError| error.to_string();
    let mut players = Players::build(axes, config.components(), &config.train, random).map_err(told)?;
    set_weights("energy", &mut *players.energy);
    set_weights("generator", &mut *players.generator);
    set_weights("lower", &mut *players.lower);
    let before = [trained(&*players.energy), trained(&*players.generator)].concat();
    let mut trainer = Trainer::new(config.train, players, Arc::new(Given(axes.data_width())), random).map_err(told)?;
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        losses.extend(figures(&trainer.advance(true).map_err(|error| error.to_string())?));
    }
    // The energy's average, and the generator itself.
    let after = [trained(trainer.energy()), trained(trainer.generator())].concat();
    let mut found = change(&before, &after);
    found.push((Compared::Value, losses));
    Ok(found)
}

fn configuration(text: &str) -> Result<RunConfig, String> {
    let text = format!("data = \"25-gaussians\"\n{text}\n{TRAIN}\n");
    let layers = Layers::default().toml(Origin::File("selftest.toml".into()), &text);
    let resolved = layers.and_then(|layers| layers.resolve());
    resolved
        .map(|resolved| resolved.config)
        .map_err(|error| error.to_string())
}

fn figures(report: &StepReport) -> Vec<f64> {
    let terms = [
        &report.data_energy,
        &report.generated_energy,
        &report.entropy,
        &report.divergence,
    ];
    let terms = terms.into_iter().flatten().map(|term| term.value);
    let others = [
        report.energy_loss,
        report.generator_loss,
        report.energy_gradient_norm,
        report.generator_gradient_norm,
    ];
    terms.chain(others.into_iter().flatten()).collect()
}
