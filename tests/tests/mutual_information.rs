//! The lower bound `mi` on generators whose entropy is known, and its derivatives.

use bounds_gp::NoneConfig;
use bounds_mi::{Estimator, MiConfig, NetworkConfig, Product};
use ebm_core::bounds::{Estimate, GeneratorView, Level, LowerBound, Measurement};
use ebm_core::device::{Real, values};
use ebm_core::error::BoundError;
use ebm_core::geometry::{Fixed, Geometry, Runtime};
use ebm_core::kernels::Activation;
use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
use ebm_core::models::{Generator, sample};
use ebm_core::network::Init;
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundSpec, UpperBoundSpec};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_models::flow::{FlowGenerator, FlowGeneratorConfig};
use ebm_models::mlp::{MlpEnergy, MlpEnergyConfig, MlpGenerator, MlpGeneratorConfig};
use ebm_models::noise::{LearnedNoise, NoiseConfig};
use ebm_tests::differences::{EXACT, all_zero, differences, gradients_of, near};
use ebm_tests::{Draws, Normal, square};
use ebm_train::optim::{Gradient, OptimizerChoice};
use ebm_train::{Players, TrainConfig, Trainer};
use proptest::prelude::*;
use std::sync::Arc;

type Bound = Box<dyn LowerBound<Runtime>>;

const ESTIMATORS: [Estimator; 5] = [
    Estimator::Jsd,
    Estimator::Nwj,
    Estimator::Dv,
    Estimator::Infonce,
    Estimator::BarberAgakov,
];

fn network(hidden: &[usize], activation: Activation) -> NetworkConfig {
    NetworkConfig {
        hidden: hidden.to_vec(),
        activation,
        init: Init::Kaiming,
        init_gain: 1.0,
    }
}

fn config(estimator: Estimator, hidden: &[usize], activation: Activation) -> MiConfig {
    MiConfig {
        estimator,
        critic: network(hidden, activation),
        encoder: network(hidden, activation),
        ..Default::default()
    }
}

fn build(config: &MiConfig, generator: &dyn Generator<Runtime>, seed: u64) -> Bound {
    config.check().unwrap();
    let mut bound = config.build(generator.geometry(), Random::new(seed)).unwrap();
    // It starts close to 0; a critic in the middle of its training is another matter.
    let mut parameters = bound.parameters_mut();
    if let [.., weight, bias] = &mut parameters[..] {
        let scale = 1.0 / (weight.len() as Real / bias.len() as Real).sqrt();
        let draws = |n| {
            Random::new(seed)
                .stream("output")
                .normals(n)
                .into_iter()
                .map(|v| v * scale)
        };
        weight.set(&draws(weight.len()).collect::<Vec<_>>());
        bias.set(&draws(bias.len()).collect::<Vec<_>>());
    }
    drop(parameters);
    bound
}

/// The bound on `batch` draws of a seed.
fn try_entropy(
    bound: &mut Bound,
    generator: &dyn Generator<Runtime>,
    batch: usize,
    seed: u64,
    tape: SharedTape,
) -> Result<Estimate, BoundError> {
    let (g, random) = (generator.geometry(), Random::new(seed).stream("batch"));
    let latents = g.latents(random.stream("z").normals(batch * g.latent));
    bound.entropy(&GeneratorView::new(generator, &latents, tape, random, 1))
}

fn entropy(bound: &mut Bound, generator: &dyn Generator<Runtime>, batch: usize, seed: u64) -> Measurement {
    try_entropy(bound, generator, batch, seed, SharedTape::off())
        .unwrap()
        .measurement
}

fn ceiling(bound: &mut Bound, generator: &dyn Generator<Runtime>, batch: usize, seed: u64) -> Measurement {
    let (g, random) = (generator.geometry(), Random::new(seed).stream("ceiling"));
    let latents = g.latents(random.stream("z").normals(batch * g.latent));
    let view = GeneratorView::new(generator, &latents, SharedTape::off(), random, 0);
    bound.entropy_upper_bound(&view).unwrap().unwrap()
}

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

// ---- values ----

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_certified_is_below_the_entropy_and_its_ceiling_above(
        data in 1usize..=8,
        less in 0usize..8,
        seed in any::<u64>(),
        noise in 0.05f64..2.0,
        all in any::<bool>(),
    ) {
        let generator = Draws::new(seed).tall(data.saturating_sub(less).max(1), data, noise);
        let truth = generator.entropy().unwrap();
        let rounding = 1e-4 * (1.0 + truth.abs());
        for estimator in ESTIMATORS {
            let product = if all { Product::AllPairs } else { Product::Permutation };
            let config = MiConfig { product, group: 16, ..config(estimator, &[12, 12], Activation::Tanh) };
            let mut bound = build(&config, &generator, seed);
            let floor = entropy(&mut bound, &generator, 2000, seed);
            prop_assert!(floor.value.is_finite() && floor.standard_error.is_finite());
            let certified = matches!(estimator, Estimator::Nwj | Estimator::Infonce | Estimator::BarberAgakov);
            prop_assert_eq!(floor.guarantee.level == Level::Certified, certified);
            // The Jensen-Shannon value is negative, so it is below too, if for no good reason.
            if certified || estimator == Estimator::Jsd {
                prop_assert!(
                    floor.value <= truth + 4.0 * floor.standard_error + rounding,
                    "{estimator:?}: {} +- {}, truth {truth}", floor.value, floor.standard_error
                );
            }
            let ceiling = ceiling(&mut bound, &generator, 2000, seed);
            prop_assert_eq!(ceiling.guarantee.level, Level::Certified);
            prop_assert!(
                ceiling.value >= truth - 4.0 * ceiling.standard_error - rounding,
                "ceiling {} +- {}, truth {truth}", ceiling.value, ceiling.standard_error
            );
        }
    }
}

/// W with orthogonal columns of lengths 3 and 1.5.
const ORTHOGONAL: [f64; 6] = [1.0, 1.0, 2.0, 0.5, 2.0, -1.0];

#[test]
fn barber_agakov_is_tight_at_the_posterior() {
    let (sigma, bias) = (0.3, [0.5, -1.0, 2.0]);
    let g = Runtime { latent: 2, data: 3 };
    let generator = LinearGaussian::new(g, &ORTHOGONAL, &bias, sigma);
    let mut bound = build(&config(Estimator::BarberAgakov, &[], Activation::Tanh), &generator, 1);
    // z given x is normal with variances v_k = 1/(1 + ||w_k||^2/sigma^2) and means v_k w_k.(x - b)/sigma^2.
    let column = |k: usize| [0, 1, 2].map(|i| ORTHOGONAL[2 * i + k]);
    let variance = |k: usize| 1.0 / (1.0 + column(k).iter().map(|w| w * w).sum::<f64>() / (sigma * sigma));
    let (mut weight, mut shift) = (vec![0.0; 12], vec![0.0; 4]);
    for k in 0..2 {
        for (i, w) in column(k).iter().enumerate() {
            let slope = variance(k) * w / (sigma * sigma);
            weight[3 * k + i] = slope as Real;
            shift[k] -= (slope * bias[i]) as Real;
        }
        shift[2 + k] = variance(k).ln() as Real;
    }
    let mut parameters = bound.parameters_mut();
    assert_eq!(parameters[0].name(), "encoder.layers.0.weight");
    parameters[0].set(&weight);
    parameters[1].set(&shift);
    let found = entropy(&mut bound, &generator, 60_000, 3);
    let truth = generator.entropy().unwrap();
    // ln q varies by d/2: (0.5 (e_1^2 + e_2^2)) has variance 1.
    assert!(
        (found.standard_error * 60_000f64.sqrt() - 1.0).abs() < 0.03,
        "{}",
        found.standard_error
    );
    assert!(
        (found.value - truth).abs() < 4.0 * found.standard_error,
        "{} {truth}",
        found.value
    );
    let noise = standard_normal_entropy(3) + 3.0 * sigma.ln();
    let named = |name: &str| found.diagnostics.iter().find(|(n, _)| n == name).unwrap().1;
    near("noise", named("noise_entropy"), noise, 1e-12);
    near("sum", named("mutual_information") + noise, found.value, 1e-12);
}

#[test]
fn training_the_network_comes_close_to_the_entropy_and_never_above() {
    // The mutual information is 1/2 ln(1 + 9/1.44) + 1/2 ln(1 + 2.25/1.44) = 1.46 nats.
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 1.2);
    let truth = generator.entropy().unwrap();
    for (estimator, product, near) in [
        (Estimator::Nwj, Product::Permutation, 0.5),
        (Estimator::Nwj, Product::AllPairs, 0.4),
        (Estimator::Dv, Product::AllPairs, 0.4),
        (Estimator::Infonce, Product::AllPairs, 0.4),
        (Estimator::BarberAgakov, Product::Permutation, 0.1),
    ] {
        let config = MiConfig {
            product,
            group: 32,
            ..config(estimator, &[24, 24], Activation::Silu)
        };
        let mut bound = config.build(generator.geometry(), Random::new(5)).unwrap();
        let before = entropy(&mut bound, &generator, 6400, 1).value;
        train(&mut bound, &generator, 128, 1200);

        let after = entropy(&mut bound, &generator, 6400, 1);
        let told = format!(
            "{estimator:?} {product:?}: {before}, {} +- {}, truth {truth}",
            after.value, after.standard_error
        );
        assert!(after.value > before && after.value > truth - near, "{told}");
        assert!(after.value < truth + 4.0 * after.standard_error, "{told}");
    }
}

#[test]
fn a_critic_trained_by_jensen_shannon_has_a_certified_value_beside() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 1.2);
    let truth = generator.entropy().unwrap();
    let config = config(Estimator::Jsd, &[24, 24], Activation::Silu);
    let mut bound = config.build(generator.geometry(), Random::new(5)).unwrap();
    train(&mut bound, &generator, 256, 800);
    let found = entropy(&mut bound, &generator, 6400, 1);
    let (_, certified) = found.diagnostics.iter().find(|(name, _)| name == "nwj").unwrap();
    assert!(
        *certified > truth - 0.5 && *certified < truth + 0.2,
        "{certified} {truth}"
    );
    assert!(
        found.value < truth - 1.0,
        "the value itself is no estimate: {}",
        found.value
    );
}

#[test]
fn infonce_says_what_it_cannot_exceed() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 0.5);
    for (batch, group, cap) in [(64, 64, 64f64.ln()), (64, 16, 16f64.ln()), (12, 64, 12f64.ln())] {
        let config = MiConfig {
            group,
            ..config(Estimator::Infonce, &[8], Activation::Silu)
        };
        let found = entropy(&mut build(&config, &generator, 1), &generator, batch, 1);
        let (_, told) = found.diagnostics.iter().find(|(name, _)| name == "cap").unwrap();
        near(
            "cap",
            *told,
            cap + standard_normal_entropy(3) + 3.0 * 0.5f64.ln(),
            1e-12,
        );
    }
}

#[test]
fn what_is_looked_at_in_pieces_is_the_same() {
    // 300 samples in one group are 90,000 pairs: one piece while recording, three without.
    let generator = Draws::new(3).tall(1, 2, 0.5);
    let config = MiConfig {
        product: Product::AllPairs,
        group: 300,
        ..config(Estimator::Nwj, &[4], Activation::Silu)
    };
    let mut bound = build(&config, &generator, 1);
    let whole = try_entropy(&mut bound, &generator, 300, 1, SharedTape::training(Parts::LOWER)).unwrap();
    let pieces = entropy(&mut bound, &generator, 300, 1);
    near("value", whole.measurement.value, pieces.value, EXACT);
    near("error", whole.measurement.standard_error, pieces.standard_error, EXACT);
}

// ---- derivatives ----

fn learned(start: f64) -> NoiseConfig {
    NoiseConfig::Learned {
        learned: LearnedNoise {
            start,
            min: 0.01,
            max: 2.0,
        },
    }
}

fn generators() -> Vec<(&'static str, Box<dyn Generator<Runtime>>)> {
    let mlp = |latent, data| {
        let config = MlpGeneratorConfig {
            hidden: vec![5],
            noise: learned(0.4),
            ..Default::default()
        };
        Box::new(MlpGenerator::new(Runtime { latent, data }, &config, Random::new(4)))
    };
    let flow = FlowGeneratorConfig {
        layers: 2,
        steps: 3,
        hidden: vec![4],
        noise: learned(0.3),
        ..Default::default()
    };
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
        for estimator in ESTIMATORS {
            for product in [Product::Permutation, Product::AllPairs] {
                let config = MiConfig {
                    product,
                    group: 3,
                    ..config(estimator, &[4, 3], Activation::Tanh)
                };
                let name = format!("{estimator:?} {product:?}, {label}");
                let mut bound = build(&config, &*generator, 8);
                let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
                let estimate = try_entropy(&mut bound, &*generator, BATCH, 1, tape).unwrap();
                near(
                    &name,
                    f64::from(values(&estimate.value)[0]),
                    estimate.measurement.value,
                    EXACT,
                );
                let mut gradients = backward(estimate.value);
                let of_generator = gradients_of(&*generator, &mut gradients);
                let of_bound = gradients_of(&*bound, &mut gradients);
                assert!(!all_zero(&of_generator) && !all_zero(&of_bound), "{name}");
                if let Some(level) = generator.noise_level() {
                    assert!(values(&gradients.of(level.tensor()))[0] != 0.0, "{name}: sigma");
                }
                differences(&name, &mut *generator, &of_generator, &mut |moved| {
                    entropy(&mut bound, moved, BATCH, 1).value
                });
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
fn each_part_is_trained_only_where_it_is_asked_for() {
    for (label, generator) in generators() {
        for estimator in ESTIMATORS {
            let config = config(estimator, &[4], Activation::Tanh);
            let mut bound = build(&config, &*generator, 8);
            for part in [Parts::GENERATOR, Parts::LOWER] {
                let value = try_entropy(&mut bound, &*generator, 6, 1, SharedTape::training(part))
                    .unwrap()
                    .value;
                let mut gradients = backward(value);
                let of_generator = gradients_of(&*generator, &mut gradients);
                let of_bound = gradients_of(&*bound, &mut gradients);
                assert_eq!(all_zero(&of_generator), part == Parts::LOWER, "{estimator:?}, {label}");
                assert_eq!(all_zero(&of_bound), part == Parts::GENERATOR, "{estimator:?}, {label}");
            }
        }
    }
}

// ---- situations ----

#[test]
fn a_generator_without_noise_and_a_single_sample_are_refused_with_the_way_out() {
    let silent = Draws::new(1).tall(1, 2, 0.0);
    let noisy = Draws::new(1).tall(1, 2, 0.1);
    for estimator in ESTIMATORS {
        let mut bound = build(&config(estimator, &[4], Activation::Tanh), &silent, 1);
        let message = try_entropy(&mut bound, &silent, 8, 1, SharedTape::off())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("mi: ") && message.contains("generator.noise"),
            "{message}"
        );
        let alone = try_entropy(&mut bound, &noisy, 1, 1, SharedTape::off());
        if estimator == Estimator::BarberAgakov {
            assert!(alone.is_ok());
        } else {
            let message = alone.unwrap_err().to_string();
            assert!(message.contains("at least 2"), "{message}");
        }
    }
}

#[test]
fn batch_norm_costs_the_claim_in_training_only() {
    let config_of = |batch_norm| MlpGeneratorConfig {
        hidden: vec![4],
        batch_norm,
        noise: NoiseConfig::Fixed(0.1),
        ..Default::default()
    };
    for (batch_norm, in_training) in [(false, Level::Certified), (true, Level::Heuristic)] {
        let generator = MlpGenerator::new(square(2), &config_of(batch_norm), Random::new(1));
        let mut bound = build(&config(Estimator::Nwj, &[4], Activation::Tanh), &generator, 1);
        for (tape, level) in [
            (SharedTape::training(Parts::GENERATOR | Parts::LOWER), in_training),
            (SharedTape::off(), Level::Certified),
        ] {
            let found = try_entropy(&mut bound, &generator, 8, 1, tape).unwrap();
            assert_eq!(found.measurement.guarantee.level, level);
        }
    }
}

type Plane = Fixed<2, 2>;

fn players(lower: &MiConfig, noise: NoiseConfig) -> Players<Plane> {
    let g = Fixed::<2, 2>;
    let generator = MlpGeneratorConfig {
        hidden: vec![8],
        noise,
        ..Default::default()
    };
    let energy = MlpEnergyConfig {
        hidden: vec![8],
        confinement: 1.0,
        ..Default::default()
    };
    Players {
        energy: Box::new(MlpEnergy::new(g, &energy, Random::new(1))),
        generator: Box::new(MlpGenerator::new(g, &generator, Random::new(2))),
        lower: lower.build(g, Random::new(3)).unwrap(),
        upper: NoneConfig::default().build(g, Random::new(4)).unwrap(),
        lower_optimizer: lower
            .optimizer()
            .map(|o| OptimizerChoice::read(o.table().clone()).unwrap()),
        upper_optimizer: None,
        energy_average: None,
        generator_average: None,
    }
}

#[test]
fn a_critic_whose_exponential_overflows_is_refused_by_name() {
    let mut players = players(&config(Estimator::Nwj, &[8], Activation::Silu), NoiseConfig::Fixed(0.1));
    let mut parameters = players.lower.parameters_mut();
    parameters.last_mut().unwrap().set(&[1000.0]);
    drop(parameters);
    let mut trainer = Trainer::new(TrainConfig::default(), players, Arc::new(Normal), Random::new(5)).unwrap();
    let message = trainer.advance(false).unwrap_err().to_string();
    assert!(message.contains("the lower bound's entropy is -inf"), "{message}");
}

#[test]
fn the_trainer_moves_the_critic_at_its_own_rate_and_the_noise_within_its_limits() {
    let limits = LearnedNoise {
        start: 0.5,
        min: 0.499,
        max: 0.501,
    };
    let mut lower = config(Estimator::Nwj, &[8], Activation::Silu);
    let own = 0.01;
    lower.optimizer = lower.optimizer.with("learning_rate", own);
    let train = TrainConfig {
        batch: 16,
        steps: 20,
        ..Default::default()
    };
    let rate = train.generator.optimizer.learning_rate();
    let players = players(&lower, NoiseConfig::Learned { learned: limits });
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
    assert!(
        (largest("generator") / rate - 1.0).abs() < 0.05,
        "{}",
        largest("generator")
    );
    let sigma = |trainer: &Trainer<Plane>| f64::from(trainer.states()["generator"]["noise"].1[0]);
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
    let learned = NoiseConfig::Learned {
        learned: LearnedNoise::default(),
    };
    for estimator in ESTIMATORS {
        let mut train = TrainConfig {
            batch: 16,
            ..Default::default()
        };
        train.energy.optimizer = train.energy.optimizer.with("learning_rate", 1e-30).unwrap();
        let lower = MiConfig {
            group: 8,
            ..config(estimator, &[8], Activation::Silu)
        };
        let players = || players(&lower, learned.clone());
        let mut apart = players();
        let mut trainer = Trainer::new(train, players(), Arc::new(Normal), Random::new(5)).unwrap();
        let norm = trainer.advance(true).unwrap().generator_gradient_norm.unwrap();

        let (generator, random) = (&*apart.generator, Random::new(5).stream("generator-step").at(0));
        let latents = Fixed::<2, 2>.latents(random.stream("latents").normals(2 * 16));
        let tape = SharedTape::training(Parts::GENERATOR);
        let energies = apart.energy.forward(sample(generator, &latents, &tape, random));
        let view = GeneratorView::new(generator, &latents, tape, random, 1);
        let entropy = apart.lower.entropy(&view).unwrap().value;
        let loss = Estimate::sample_mean(energies).value - entropy;
        let truth = Gradient::of(generator, &mut backward(loss)).norm();
        assert!(
            (norm / truth - 1.0).abs() < 1e-4,
            "{estimator:?}: {norm} is not {truth}"
        );
    }
}
