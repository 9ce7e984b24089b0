//! What changes over a run: the weights of the generator's objective, the noise, and when the energy is trained.

use ebm_core::geometry::Runtime;
use ebm_core::parameter::State;
use ebm_tests::{Normal, config, square};
use ebm_train::{StepReport, Trainer};
use std::sync::Arc;

/// A trainer of small networks in the plane, with these options of the generator, the energy and the training.
fn trainer(generator: &str, energy: &str, train: &str) -> Trainer<Runtime> {
    let config = config(&format!(
        "generator = {{ kind = 'mlp', hidden = [8], {generator} }}\nenergy = {{ kind = 'mlp', hidden = [8], {energy} }}\n\
         lower = 'sv'\nupper = {{ kind = 'gp', weight = 0.1 }}\n[train]\nsteps = 100\nbatch = 16\n{train}"
    ));
    ebm_tests::trainer(&config, square(2), Arc::new(Normal))
}

fn trained(train: &str) -> Trainer<Runtime> {
    trainer("noise = 0.1", "confinement = 1.0", train)
}

fn advance(trainer: &mut Trainer<Runtime>, steps: u64, full: bool) -> StepReport {
    (0..steps).map(|_| trainer.advance(full).unwrap()).last().unwrap()
}

/// The generator's weights after so many iterations.
fn generator(mut trainer: Trainer<Runtime>, steps: u64) -> State {
    advance(&mut trainer, steps, false);
    trainer.states()["generator"].clone()
}

#[test]
fn a_schedule_trains_as_the_value_that_it_has() {
    let constant = |lambda: f64, steps| generator(trained(&format!("lambda = {lambda}")), steps);
    let level = "lambda = { from = 0.5, to = 0.5, over = 9 }";
    assert!(generator(trained(level), 6) == constant(0.5, 6));
    let stairs = "lambda = { steps = [[0, 1.0], [3, 0.25]] }";
    assert!(generator(trained(stairs), 3) == constant(1.0, 3));
    assert!(generator(trained(stairs), 4) != constant(1.0, 4));
}

#[test]
fn the_generators_objective_has_both_weights() {
    // Twice the objective has twice the gradient.
    let norm = |train: &str| advance(&mut trained(train), 1, true).generator_gradient_norm.unwrap();
    let once = norm("");
    let twice = norm("lambda = 2.0\nenergy_weight = 2.0");
    assert!((twice / once - 2.0).abs() < 1e-5, "{twice} {once}");
    assert_eq!(norm("lambda = 0.0\nenergy_weight = 0.0"), 0.0);
    // Without a weight the energy does not move the generator, whatever it is.
    let alone =
        |energy: &str, weight: f64| generator(trainer("noise = 0.1", energy, &format!("energy_weight = {weight}")), 5);
    assert!(alone("confinement = 1.0", 0.0) == alone("confinement = 5.0", 0.0));
    assert!(alone("confinement = 1.0", 0.5) != alone("confinement = 5.0", 0.5));
}

#[test]
fn weights_are_reported_where_they_change() {
    let report = advance(&mut trained("lambda = { from = 1.0, to = 0.5, over = 4 }"), 3, true);
    // The third iteration is the one after two.
    assert_eq!((report.lambda, report.energy_weight), (Some(0.75), None));
    // The values carry no weight.
    let entropy = |train: &str| advance(&mut trained(train), 1, true).entropy.unwrap().value;
    assert_eq!(entropy("lambda = 0.5"), entropy(""));
}

#[test]
fn in_a_head_start_the_generator_trains_on_an_energy_that_stays_as_it_is() {
    let mut ahead = trained("head_start = 4\nenergy = { average = 0.5 }");
    let start = ahead.states();
    let report = advance(&mut ahead, 4, true);
    let now = ahead.states();
    assert!(now["energy"] == start["energy"] && now["upper"] == start["upper"]);
    assert!(now["generator"] != start["generator"]);
    // Its terms are seen, and no update is.
    assert!(report.data_energy.is_some() && report.divergence.is_some() && report.lower.is_some());
    assert!(report.generator_gradient_norm.is_some() && report.energy_gradient_norm.is_none());
    assert_eq!((report.energy_learning_rate, report.energy_loss), (0.0, None));
    let report = advance(&mut ahead, 1, true);
    assert!(ahead.states()["energy"] != start["energy"]);
    assert!(report.energy_gradient_norm.is_some() && report.energy_learning_rate > 0.0);
}

#[test]
fn what_is_reported_of_a_head_start_does_not_change_it() {
    let [mut told, mut silent] = [true, false].map(|full| {
        let mut trainer = trained("head_start = 3");
        advance(&mut trainer, 5, full);
        trainer
    });
    assert!(told.state().unwrap() == silent.state().unwrap());
}

#[test]
fn the_noise_is_a_function_of_the_iterations_done() {
    const FALLING: &str = "noise = { from = 0.5, to = 0.25, over = 8 }";
    let begin = || trainer(FALLING, "confinement = 1.0", "generator = { average = 0.9 }");
    let level = |trainer: &Trainer<Runtime>| trainer.generator().facts().noise;
    let mut whole = begin();
    assert_eq!(level(&whole), 0.5);
    advance(&mut whole, 4, false);
    assert_eq!(level(&whole), 0.375);
    let mut second = begin();
    second.resume(whole.state().unwrap()).unwrap();
    assert_eq!(level(&second), 0.375);
    assert_eq!(level(&begin().at_step(90)), 0.25);
    // Two levels a step apart are two different runs.
    let fixed = trainer("noise = 0.5", "confinement = 1.0", "generator = { average = 0.9 }");
    assert!(generator(begin(), 1) == generator(fixed, 1));
    let fixed = trainer("noise = 0.5", "confinement = 1.0", "generator = { average = 0.9 }");
    assert!(generator(begin(), 2) != generator(fixed, 2));
}
