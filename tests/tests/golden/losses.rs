//! What the steps of a training come to.

use ebm_core::geometry::Fixed;
use ebm_core::random::Random;
use ebm_train::{Players, StepReport, Trainer};
use std::path::Path;
use std::sync::Arc;

use super::pair::Pair;

/// The figures of a step, in the order of a record's columns.
pub const COLUMNS: [&str; 8] = [
    "energy_loss",
    "generator_loss",
    "data_energy",
    "generated_energy",
    "entropy",
    "divergence",
    "energy_gradient_norm",
    "generator_gradient_norm",
];

/// A figure each; a pair may not have all of them.
pub type Step = [Option<f64>; COLUMNS.len()];

/// The steps of a pair's training.
pub fn of(pair: &Pair) -> Vec<Step> {
    let config = pair.config();
    let random = Random::new(config.seed);
    let players = Players::build(Fixed::<2, 2>, config.components(), &config.train, random).unwrap();
    let data = config.data.load(Path::new("."), random.stream("data-set")).unwrap();
    let steps = config.train.steps;
    let mut trainer = Trainer::new(config.train, players, Arc::from(data), random).unwrap();
    (0..steps).map(|_| figures(&trainer.advance(true).unwrap())).collect()
}

fn figures(report: &StepReport) -> Step {
    let terms = [
        &report.data_energy,
        &report.generated_energy,
        &report.entropy,
        &report.divergence,
    ];
    let [data, generated, entropy, divergence] = terms.map(|term| term.as_ref().map(|measured| measured.value));
    [
        report.energy_loss,
        report.generator_loss,
        data,
        generated,
        entropy,
        divergence,
        report.energy_gradient_norm,
        report.generator_gradient_norm,
    ]
}
