//! The derivatives of `mi` in generator, noise and network, and the conditions of its claims.

use bounds_mi::Estimator;
use ebm_core::bounds::{GeneratorView, Level};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{device::values, models::Generator, random::Random, tensor::item};
use ebm_models::{flow::FlowGenerator, mlp::MlpGenerator};
use ebm_tests::differences::{EXACT, all_zero, differences, gradients_of, near};
use ebm_tests::{Draws, options, square};

use super::{PRODUCTS, SMALL, build, config, entropy, try_entropy};

const LEARNED: &str = "noise = { learned = { start = 0.4, min = 0.01, max = 2.0 } }";

fn generators() -> Vec<(&'static str, Box<dyn Generator<Runtime>>)> {
    let mlp = |latent, data| {
        let config = options(&format!("hidden = [5], {LEARNED}"));
        Box::new(MlpGenerator::new(Runtime { latent, data }, &config, Random::new(4)))
    };
    let flow = options(&format!("layers = 2, steps = 3, hidden = [4], {LEARNED}"));
    vec![
        ("mlp 2->3", mlp(2, 3)),
        ("mlp 3->2", mlp(3, 2)),
        ("flow", Box::new(FlowGenerator::new(square(2), &flow, Random::new(6)))),
        ("linear", Box::new(Draws::new(2).tall(1, 2, 0.5))),
    ]
}

#[test]
fn every_estimator_is_differentiated_right_in_generator_noise_and_network() {
    const BATCH: usize = 5;
    for (label, mut generator) in generators() {
        for &estimator in Estimator::ALL {
            for product in PRODUCTS {
                let more = format!("product = '{product}', group = 3");
                let config = config(estimator, "hidden = [4, 3], activation = 'tanh'", &more);
                let name = format!("{estimator:?} {product}, {label}");
                let mut bound = build(&config, &*generator, 8);
                let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
                let estimate = try_entropy(&mut bound, &*generator, BATCH, 1, tape).unwrap();
                let value = f64::from(values(&estimate.value)[0]);
                near(&name, value, estimate.measurement.value, EXACT);
                let mut gradients = backward(estimate.value);
                let of_generator = gradients_of(&*generator, &mut gradients);
                let of_bound = gradients_of(&*bound, &mut gradients);
                let learns = !bound.parameters().is_empty();
                assert!(!all_zero(&of_generator) && all_zero(&of_bound) != learns, "{name}");
                if let Some(level) = generator.noise_level() {
                    assert!(values(&gradients.of(level.tensor()))[0] != 0.0, "{name}: sigma");
                }
                differences(&name, &mut *generator, &of_generator, &mut |moved| {
                    entropy(&mut bound, moved, BATCH, 1).value
                });
                if !learns {
                    continue;
                }
                differences(&name, &mut *bound, &of_bound, &mut |moved| {
                    let mut copy = build(&config, &*generator, 8);
                    copy.load_state(&moved.state()).unwrap();
                    entropy(&mut copy, &*generator, BATCH, 1).value
                });
            }
        }
    }
}

#[test]
fn an_encoder_with_full_covariance_is_differentiated_right() {
    for (label, mut generator) in generators().into_iter().filter(|(label, _)| *label != "linear") {
        for estimator in [Estimator::BarberAgakov, Estimator::ImportanceWeighted] {
            let mut config = config(estimator, SMALL, "");
            config.encoder = options(&format!("{SMALL}, covariance = 'full'"));
            let name = format!("{estimator:?}, {label}");
            let mut bound = build(&config, &*generator, 8);
            let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
            let estimate = try_entropy(&mut bound, &*generator, 5, 1, tape).unwrap();
            let mut gradients = backward(estimate.value);
            let of_generator = gradients_of(&*generator, &mut gradients);
            let of_bound = gradients_of(&*bound, &mut gradients);
            differences(&name, &mut *generator, &of_generator, &mut |moved| entropy(&mut bound, moved, 5, 1).value);
            differences(&name, &mut *bound, &of_bound, &mut |moved| {
                let mut copy = build(&config, &*generator, 8);
                copy.load_state(&moved.state()).unwrap();
                entropy(&mut copy, &*generator, 5, 1).value
            });
        }
    }
}

#[test]
fn each_part_is_trained_only_where_it_is_asked_for() {
    for (label, generator) in generators() {
        for &estimator in Estimator::ALL {
            let mut bound = build(&config(estimator, SMALL, ""), &*generator, 8);
            for part in [Parts::GENERATOR, Parts::LOWER] {
                let estimate = try_entropy(&mut bound, &*generator, 6, 1, SharedTape::training(part));
                let mut gradients = backward(estimate.unwrap().value);
                let of_generator = gradients_of(&*generator, &mut gradients);
                let of_bound = gradients_of(&*bound, &mut gradients);
                assert_eq!(all_zero(&of_generator), part == Parts::LOWER, "{estimator:?}, {label}");
                let trained = part == Parts::LOWER && !bound.parameters().is_empty();
                assert_eq!(all_zero(&of_bound), !trained, "{estimator:?}, {label}");
            }
        }
    }
}

#[test]
fn a_generator_without_noise_and_a_single_sample_are_refused_with_the_way_out() {
    let silent = Draws::new(1).tall(1, 2, 0.0);
    let noisy = Draws::new(1).tall(1, 2, 0.1);
    for &estimator in Estimator::ALL {
        let mut bound = build(&config(estimator, SMALL, ""), &silent, 1);
        let message = try_entropy(&mut bound, &silent, 8, 1, SharedTape::off()).unwrap_err().to_string();
        assert!(message.contains("mi: ") && message.contains("generator.noise"), "{message}");
        let alone = try_entropy(&mut bound, &noisy, 1, 1, SharedTape::off());
        if matches!(estimator, Estimator::BarberAgakov | Estimator::ImportanceWeighted | Estimator::MultiSample) {
            assert!(alone.is_ok());
        } else {
            let message = alone.unwrap_err().to_string();
            assert!(message.contains("at least 2"), "{message}");
        }
    }
}

#[test]
fn batch_norm_costs_the_claim_in_training_only() {
    for (batch_norm, in_training) in [(false, Level::Certified), (true, Level::Heuristic)] {
        let options = options(&format!("hidden = [4], batch_norm = {batch_norm}, noise = 0.1"));
        let generator = MlpGenerator::new(square(2), &options, Random::new(1));
        let mut bound = build(&config(Estimator::Nwj, SMALL, ""), &generator, 1);
        for (tape, level) in [
            (SharedTape::training(Parts::GENERATOR | Parts::LOWER), in_training),
            (SharedTape::off(), Level::Certified),
        ] {
            let found = try_entropy(&mut bound, &generator, 64, 1, tape).unwrap();
            assert_eq!(found.measurement.guarantee.level, level);
        }
    }
}

#[test]
fn sigma_is_differentiated_where_it_is_learned_and_trained() {
    let config = options(&format!("hidden = [5], {LEARNED}"));
    let generator = MlpGenerator::new(square(2), &config, Random::new(4));
    let latents = square(2).latents(vec![0.0; 4]);
    let level = generator.noise_level().unwrap();
    for (parts, slope) in [(Parts::GENERATOR, 2.0 / 0.4), (Parts::LOWER, 0.0)] {
        let view = || GeneratorView::new(&generator, &latents, SharedTape::training(parts), Random::new(0), 1);
        // D ln sigma, and H[n] = D/2 ln(2 pi e) besides.
        for (value, constant) in [(view().sigma().ln() * 2.0, 0.0), (view().noise_entropy(), 2.837_877_066_409_345)] {
            near("value", item(&value), 2.0 * 0.4f64.ln() + constant, EXACT);
            near("its slope", f64::from(values(&backward(value).of(level.tensor()))[0]), slope, EXACT);
        }
    }
}

#[test]
fn samples_without_their_noise_are_the_outputs_of_the_generator() {
    for noise in ["noise = 0.3", LEARNED] {
        let config = options(&format!("hidden = [5], {noise}"));
        let generator = MlpGenerator::new(square(2), &config, Random::new(4));
        let latents = square(2).latents(vec![0.5, -1.0, 0.25, 2.0]);
        let off = SharedTape::off();
        let view = GeneratorView::new(&generator, &latents, off.clone(), Random::new(9), 1);
        let x = view.generated();
        let (noisy, found) = (values(&x), values(&view.without_noise(x)));
        assert_ne!(noisy, found);
        for (found, truth) in found.into_iter().zip(values(&generator.forward(off.watch(&latents)))) {
            near("G(z)", f64::from(found), f64::from(truth), EXACT);
        }
    }
}
