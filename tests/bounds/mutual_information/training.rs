//! The network of `mi` in training, alone and in the trainer.

use bounds_mi::{Estimator, MiConfig};
use ebm_core::bounds::{Estimate, GeneratorView};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::{Generator, sample};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{device::Real, models::closed_form::LinearGaussian, random::Random, registry::LowerBoundSpec};
use ebm_tests::{Normal, options, square};
use ebm_train::optim::{Gradient, OptimizerChoice};
use ebm_train::{Players, TrainConfig, Trainer};
use std::sync::Arc;

use super::{Bound, ORTHOGONAL, config, diagnostic, entropy, try_entropy};

/// Maximises the bound over its own network.
fn train(bound: &mut Bound, generator: &dyn Generator<Runtime>, batch: usize, steps: u64) {
    let own = MiConfig::default().optimizer;
    let mut optimizer = OptimizerChoice::read(own.table().clone()).unwrap().build(&**bound);
    for step in 0..steps {
        let tape = SharedTape::training(Parts::LOWER);
        let value = try_entropy(bound, generator, batch, 1000 + step, tape).unwrap().value;
        let gradient = Gradient::of(&**bound, &mut backward(value * -1.0));
        optimizer.update(&mut **bound, &gradient, gradient.norm(), 1.0);
    }
}

#[test]
fn training_the_network_comes_close_to_the_entropy_and_never_above() {
    // The mutual information is 1/2 ln(1 + 9/1.44) + 1/2 ln(1 + 2.25/1.44) = 1.46 nats.
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 1.2);
    let truth = generator.entropy().unwrap();
    for (estimator, product, near) in [
        (Estimator::Nwj, "permutation", 0.5),
        (Estimator::Nwj, "all-pairs", 0.4),
        (Estimator::Dv, "all-pairs", 0.4),
        (Estimator::Infonce, "all-pairs", 0.4),
        (Estimator::BarberAgakov, "permutation", 0.1),
        (Estimator::ImportanceWeighted, "permutation", 0.1),
    ] {
        let more = format!("product = '{product}', group = 32");
        let config = config(estimator, "hidden = [24, 24], activation = 'silu'", &more);
        let mut bound = config.build(generator.geometry(), Random::new(5)).unwrap();
        let before = entropy(&mut bound, &generator, 6400, 1).value;
        train(&mut bound, &generator, 128, 1200);

        let after = entropy(&mut bound, &generator, 6400, 1);
        let told = format!("{estimator:?} {product}: {before}, {after:?}, truth {truth}");
        assert!(after.value > before && after.value > truth - near, "{told}");
        assert!(after.value < truth + 4.0 * after.standard_error, "{told}");
    }
}

#[test]
fn a_critic_trained_by_jensen_shannon_has_a_certified_value_beside() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 1.2);
    let truth = generator.entropy().unwrap();
    let config = config(Estimator::Jsd, "hidden = [24, 24], activation = 'silu'", "");
    let mut bound = config.build(generator.geometry(), Random::new(5)).unwrap();
    train(&mut bound, &generator, 256, 800);
    let found = entropy(&mut bound, &generator, 6400, 1);
    let certified = diagnostic(&found, "nwj");
    assert!(certified > truth - 0.5 && certified < truth + 0.2, "{certified} {truth}");
    // The value itself is not an estimate.
    assert!(found.value < truth - 1.0, "{found:?}");
}

const CRITIC: &str = "hidden = [8], activation = 'silu'";

/// Small networks in the plane, and no upper bound.
fn players(lower: &MiConfig, noise: &str) -> Players<Runtime> {
    let mut config = ebm_tests::config(&format!(
        "generator = {{ kind = 'mlp', hidden = [8], {noise} }}\n\
         energy = {{ kind = 'mlp', hidden = [8], confinement = 1.0 }}\nupper = 'none'"
    ));
    config.lower = Box::new(lower.clone());
    Players::build(square(2), config.components(), &config.train, Random::new(3)).unwrap()
}

#[test]
fn a_critic_whose_exponential_overflows_is_refused_by_name() {
    let mut players = players(&config(Estimator::Nwj, CRITIC, ""), "noise = 0.1");
    let mut parameters = players.lower.parameters_mut();
    parameters.last_mut().unwrap().set(&[1000.0]);
    drop(parameters);
    let mut trainer = Trainer::new(TrainConfig::default(), players, Arc::new(Normal), Random::new(5)).unwrap();
    let message = trainer.advance(false).unwrap_err().to_string();
    assert!(message.contains("the lower bound's entropy is -inf"), "{message}");
}

#[test]
fn the_trainer_moves_the_critic_at_its_own_rate_and_the_noise_within_its_limits() {
    let own = 0.01;
    let lower = config(Estimator::Nwj, CRITIC, &format!("optimizer = {{ learning_rate = {own} }}"));
    let train: TrainConfig = options("batch = 16, steps = 20");
    let rate = train.generator.optimizer.learning_rate();
    let players = players(&lower, "noise = { learned = { start = 0.5, min = 0.499, max = 0.501 } }");
    let mut trainer = Trainer::new(train, players, Arc::new(Normal), Random::new(5)).unwrap();
    let before = trainer.states();
    trainer.advance(true).unwrap();
    let after = trainer.states();
    // Adam's first step is the learning rate along every sign.
    let largest = |player: &str| {
        let arrays = after[player].iter().filter(|(name, _)| *name != "noise");
        let moves =
            arrays.flat_map(|(name, (_, new))| new.iter().zip(&before[player][name].1).map(|(a, b)| (a - b).abs()));
        f64::from(moves.fold(0.0, Real::max))
    };
    assert!((largest("lower") / own - 1.0).abs() < 0.01, "{}", largest("lower"));
    let of_generator = largest("generator");
    assert!((of_generator / rate - 1.0).abs() < 0.05, "{of_generator}");
    let sigma = |trainer: &Trainer<Runtime>| f64::from(trainer.states()["generator"]["noise"].1[0]);
    assert!(sigma(&trainer) != 0.5);
    for _ in 0..19 {
        trainer.advance(false).unwrap();
        let found = trainer.generator().facts().noise;
        assert_eq!(found, sigma(&trainer));
        assert!((0.499 - 1e-6..=0.501 + 1e-6).contains(&found), "{found}");
    }
}

#[test]
fn samples_that_both_terms_share_carry_the_gradients_of_both() {
    // The trainer takes the generator's gradient of E_pg[E] - H through one pass; here each term has a pass of its own.
    for &estimator in Estimator::ALL {
        let train: TrainConfig = options("batch = 16, energy = { optimizer = { learning_rate = 1e-30 } }");
        let lower = config(estimator, CRITIC, "group = 8");
        let players = || players(&lower, "noise = { learned = {} }");
        let mut apart = players();
        let mut trainer = Trainer::new(train, players(), Arc::new(Normal), Random::new(5)).unwrap();
        let norm = trainer.advance(true).unwrap().generator_gradient_norm.unwrap();

        let (generator, random) = (&*apart.generator, Random::new(5).stream("generator-step").at(0));
        let latents = square(2).latents(random.stream("latents").normals(2 * 16));
        let tape = SharedTape::training(Parts::GENERATOR);
        let energies = apart.energy.forward(sample(generator, &latents, &tape, random));
        let view = GeneratorView::new(generator, &latents, tape, random, 1);
        let entropy = apart.lower.entropy(&view).unwrap().value;
        let loss = Estimate::sample_mean(energies).value - entropy;
        let truth = Gradient::of(generator, &mut backward(loss)).norm();
        assert!((norm / truth - 1.0).abs() < 1e-4, "{estimator:?}: {norm} is not {truth}");
    }
}
