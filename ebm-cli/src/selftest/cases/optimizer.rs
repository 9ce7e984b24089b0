//! Updates of weights.

use ebm_core::device::Real;
use ebm_core::geometry::Fixed;
use ebm_core::parameter::Module;
use ebm_core::random::Random;
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig};
use ebm_train::optim::{Adam, AdamConfig, Gradient, Optimizer, average};

use crate::selftest::case::{Case, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::numbers::numbers;
use crate::selftest::operation::doubles;
use crate::selftest::weights::{change, set_weights, trained};

fn model(name: &str) -> MlpEnergy<Fixed<2, 2>> {
    let config = MlpEnergyConfig {
        hidden: vec![45, 30],
        ..Default::default()
    };
    let mut model = MlpEnergy::new(Fixed, &config, Random::new(0));
    set_weights(name, &mut model);
    model
}

fn gradients(name: &str, step: usize, model: &dyn Module) -> Vec<Vec<Real>> {
    let arrays = model.parameters().into_iter().filter(|p| p.is_trained());
    arrays
        .map(|p| numbers(&format!("{name}/{step}/{}", p.name()), p.len()))
        .collect()
}

/// Three updates.
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
        found.push((Compared::Value, norms));
        let moments = adam.state(&model).into_values();
        found.extend(moments.map(|(_, values)| (Compared::Value, doubles(values))));
        found
    })
}

pub fn cases() -> Vec<Case> {
    // A rate at which the change of a weight is no smaller than its rounding.
    let plain = AdamConfig {
        learning_rate: 0.25,
        ..Default::default()
    };
    let full = AdamConfig {
        beta1: 0.75,
        beta2: 0.875,
        epsilon: 0.0625,
        weight_decay: 0.125,
        clip: 8.0,
        ..plain.clone()
    };
    vec![
        adam("defaults", plain),
        adam("momentum, decay, clipping", full),
        Case::new("optimizer average", OPERATION, || {
            let (mut kept, model) = (model("kept"), model("model"));
            average(&mut kept, &model, 0.75, 1_000);
            let arrays = trained(&kept).into_iter();
            arrays.map(|array| (Compared::InWeights, array)).collect()
        }),
    ]
}
