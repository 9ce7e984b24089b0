//! The lower bound `mi` on generators whose entropy is known, its derivatives, and its training.

mod derivatives;
mod training;
mod weights;

use bounds_mi::{Estimator, MiConfig};
use ebm_core::{models::closed_form::LinearGaussian, prelude::*, registry::LowerBoundSpec};
use ebm_tests::differences::{EXACT, near};
use ebm_tests::{Draws, options};
use proptest::prelude::*;

type Bound = Box<dyn LowerBound<Runtime>>;

const SMALL: &str = "hidden = [4], activation = 'tanh'";
const PRODUCTS: [&str; 2] = ["permutation", "all-pairs"];

/// The bound with critics and encoders of this kind.
fn config(estimator: Estimator, network: &str, more: &str) -> MiConfig {
    let network = format!("{{ {network}, init = 'kaiming', init_gain = 1.0 }}");
    let sizes = "samples = 64, draws = 3";
    let options = options(&format!("critic = {network}, encoder = {network}, {sizes}, {more}"));
    MiConfig { estimator, ..options }
}

fn build(config: &MiConfig, generator: &dyn Generator<Runtime>, seed: u64) -> Bound {
    config.check().unwrap();
    let mut bound = config.build(generator.geometry(), Random::new(seed)).unwrap();
    // It starts close to 0; a critic in the middle of its training is another matter.
    let mut parameters = bound.parameters_mut();
    if let [.., weight, bias] = &mut parameters[..] {
        let scale = 1.0 / (weight.len() as Real / bias.len() as Real).sqrt();
        for parameter in [weight, bias] {
            let draws = Random::new(seed).stream("output").normals(parameter.len());
            parameter.set(&draws.into_iter().map(|v| v * scale).collect::<Vec<_>>());
        }
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
    try_entropy(bound, generator, batch, seed, SharedTape::off()).unwrap().measurement
}

fn diagnostic(measurement: &Measurement, name: &str) -> f64 {
    let mut diagnostics = measurement.diagnostics.iter();
    diagnostics.find(|(found, _)| found == name).unwrap().1
}

fn upper(bound: &mut Bound, generator: &dyn Generator<Runtime>, batch: usize, seed: u64) -> Measurement {
    let (g, random) = (generator.geometry(), Random::new(seed).stream("ceiling"));
    let latents = g.latents(random.stream("z").normals(batch * g.latent));
    let view = GeneratorView::new(generator, &latents, SharedTape::off(), random, 0);
    bound.entropy_upper_bound(&view).unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_certified_is_below_the_entropy_and_its_upper_bound_above(
        data in 1usize..=8,
        less in 0usize..8,
        seed in any::<u64>(),
        noise in 0.05f64..2.0,
        all in any::<bool>(),
    ) {
        let generator = Draws::new(seed).tall(data.saturating_sub(less).max(1), data, noise);
        let truth = generator.entropy().unwrap();
        let rounding = 1e-4 * (1.0 + truth.abs());
        for &estimator in Estimator::ALL {
            let more = format!("product = '{}', group = 16", PRODUCTS[usize::from(all)]);
            let config = config(estimator, "hidden = [12, 12], activation = 'tanh'", &more);
            let mut bound = build(&config, &generator, seed);
            let lower = entropy(&mut bound, &generator, 2000, seed);
            prop_assert!(lower.value.is_finite() && lower.standard_error.is_finite());
            let certified = !matches!(estimator, Estimator::Jsd | Estimator::Dv | Estimator::Smile);
            prop_assert_eq!(lower.guarantee.level == Level::Certified, certified);
            // The Jensen-Shannon value is negative, so it is below too, if for no good reason.
            if certified || estimator == Estimator::Jsd {
                prop_assert!(
                    lower.value <= truth + 4.0 * lower.standard_error + rounding,
                    "{estimator:?}: {} +- {}, truth {truth}", lower.value, lower.standard_error
                );
            }
            let upper = upper(&mut bound, &generator, 2000, seed);
            prop_assert_eq!(upper.guarantee.level, Level::Certified);
            prop_assert!(
                upper.value >= truth - 4.0 * upper.standard_error - rounding,
                "upper {} +- {}, truth {truth}", upper.value, upper.standard_error
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
    let mut bound = build(&config(Estimator::BarberAgakov, "hidden = []", ""), &generator, 1);
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
    assert!((found.standard_error * 60_000f64.sqrt() - 1.0).abs() < 0.03, "{found:?}");
    assert!((found.value - truth).abs() < 4.0 * found.standard_error, "{found:?} {truth}");
    let noise = standard_normal_entropy(3) + 3.0 * sigma.ln();
    near("noise", diagnostic(&found, "noise_entropy"), noise, 1e-12);
    near("sum", diagnostic(&found, "mutual_information") + noise, found.value, 1e-12);
}

/// W and b of a generator whose latents are correlated given x.
const OBLIQUE: [f64; 6] = [1.0, 0.75, 0.5, 1.0, 0.0, 0.5];
const BIAS: [f64; 3] = [0.5, -1.0, 2.0];

fn oblique(sigma: f64) -> LinearGaussian<Runtime> {
    LinearGaussian::new(Runtime { latent: 2, data: 3 }, &OBLIQUE, &BIAS, sigma)
}

/// The bound with an affine encoder that has the posterior's means, and of its variances and covariance what it can have:
/// tight for the one covariance, and for the other short of the entropy by what a best diagonal Gaussian loses.
fn with_posterior(covariance: &str, sigma: f64) -> Bound {
    let mut config = config(Estimator::BarberAgakov, "hidden = []", "");
    config.encoder = options(&format!("hidden = [], covariance = '{covariance}'"));
    let mut bound = config.build(Runtime { latent: 2, data: 3 }, Random::new(1)).unwrap();
    let full = covariance == "full";
    let [a, b, c] = posterior(sigma);
    // The means S W'(x - b) / sigma^2.
    let outputs = if full { 5 } else { 4 };
    let (mut weight, mut shift) = (vec![0.0; 3 * outputs], vec![0.0; outputs]);
    for (k, row) in [[a, b], [b, c]].into_iter().enumerate() {
        for i in 0..3 {
            let slope = (row[0] * OBLIQUE[2 * i] + row[1] * OBLIQUE[2 * i + 1]) / (sigma * sigma);
            weight[3 * k + i] = slope as Real;
            shift[k] -= (slope * BIAS[i]) as Real;
        }
    }
    shift[2] = a.ln() as Real;
    let second = if full { c - b * b / a } else { c };
    shift[3] = second.ln() as Real;
    if full {
        // z_2 given z_1 has the mean m_2 + b/a (z_1 - m_1).
        shift[4] = (b / a) as Real;
    }
    let mut parameters = bound.parameters_mut();
    parameters[0].set(&weight);
    parameters[1].set(&shift);
    drop(parameters);
    bound
}

/// The covariance `S = (I + W'W / sigma^2)^-1` of z given x, as `[S_11, S_12, S_22]`.
fn posterior(sigma: f64) -> [f64; 3] {
    let product = |j: usize, k: usize| (0..3).map(|i| OBLIQUE[2 * i + j] * OBLIQUE[2 * i + k]).sum::<f64>();
    let gram = |j: usize, k: usize| product(j, k) / (sigma * sigma);
    let (p, q, r) = (1.0 + gram(0, 0), gram(0, 1), 1.0 + gram(1, 1));
    let determinant = p * r - q * q;
    [r / determinant, -q / determinant, p / determinant]
}

#[test]
fn only_an_encoder_with_full_covariance_is_tight_at_a_correlated_posterior() {
    let sigma = 0.3;
    let generator = oblique(sigma);
    let truth = generator.entropy().unwrap();
    let [a, b, c] = posterior(sigma);
    // 1/2 ln(S_11 S_22 / det S): the information between z_1 and z_2 given x.
    let loss = 0.5 * (a * c / (a * c - b * b)).ln();
    assert!(loss > 0.2, "{loss}");
    for (covariance, expected) in [("full", truth), ("diagonal", truth - loss)] {
        let mut bound = with_posterior(covariance, sigma);
        let found = entropy(&mut bound, &generator, 40_000, 3);
        let told = format!("{covariance}: {found:?}, {expected}");
        assert!((found.value - expected).abs() < 4.0 * found.standard_error, "{told}");
        assert!(found.standard_error < 0.02, "{told}");
    }
}

#[test]
fn more_draws_and_more_samples_come_closer_to_the_entropy_from_below() {
    let sigma = 0.3;
    let generator = oblique(sigma);
    let truth = generator.entropy().unwrap();
    let with = |estimator: Estimator, more: &str| {
        let mut config = config(estimator, "hidden = []", "");
        let changed: MiConfig = options(more);
        (config.samples, config.draws) = (changed.samples, changed.draws);
        // An encoder that does not know the posterior's covariance.
        config.encoder = options("hidden = [], covariance = 'diagonal'");
        let mut bound = config.build(generator.geometry(), Random::new(1)).unwrap();
        let known = with_posterior("diagonal", sigma);
        if config.estimator != Estimator::MultiSample {
            bound.load_state(&known.state()).unwrap();
        }
        let found = entropy(&mut bound, &generator, 4000, 5);
        assert_eq!(found.guarantee.level, Level::Certified);
        assert!(found.value < truth + 4.0 * found.standard_error, "{estimator:?}, {more}: {found:?}, {truth}");
        found
    };
    let barber_agakov = with(Estimator::BarberAgakov, "");
    let none = with(Estimator::ImportanceWeighted, "draws = 0");
    assert_eq!((none.value, none.standard_error), (barber_agakov.value, barber_agakov.standard_error));
    let mut last = barber_agakov.value;
    for draws in [1, 8, 64] {
        let found = with(Estimator::ImportanceWeighted, &format!("draws = {draws}"));
        near("barber-agakov beside", diagnostic(&found, "barber_agakov"), barber_agakov.value, EXACT);
        // The samples are the same, so the values are compared far better than their standard errors say.
        assert!(found.value > last, "{draws}: {found:?}, {last}");
        last = found.value;
    }
    assert!(last > truth - 0.1, "{last} {truth}");
    // The information is 2.4 nats.
    let few = with(Estimator::MultiSample, "samples = 8");
    let cap = standard_normal_entropy(3) + 3.0 * sigma.ln() + 9f64.ln();
    assert!(few.value < cap + 4.0 * few.standard_error, "{few:?}, {cap}");
    let many = with(Estimator::MultiSample, "samples = 2048");
    assert!(many.value > few.value && many.value > truth - 0.1, "{many:?}, {truth}");
}

#[test]
fn infonce_says_what_it_cannot_exceed() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 0.5);
    for (batch, group, cap) in [(64, 64, 64f64.ln()), (64, 16, 16f64.ln()), (12, 64, 12f64.ln())] {
        let config = config(Estimator::Infonce, "hidden = [8], activation = 'silu'", &format!("group = {group}"));
        let found = entropy(&mut build(&config, &generator, 1), &generator, batch, 1);
        let truth = cap + standard_normal_entropy(3) + 3.0 * 0.5f64.ln();
        near("cap", diagnostic(&found, "cap"), truth, 1e-12);
    }
}

#[test]
fn what_is_looked_at_in_pieces_is_the_same() {
    // 300 samples in one group are 90,000 pairs: one piece while recording, three without.
    let generator = Draws::new(3).tall(1, 2, 0.5);
    let more = "product = 'all-pairs', group = 300";
    let config = config(Estimator::Nwj, "hidden = [4], activation = 'silu'", more);
    let mut bound = build(&config, &generator, 1);
    let whole = try_entropy(&mut bound, &generator, 300, 1, SharedTape::training(Parts::LOWER)).unwrap();
    let pieces = entropy(&mut bound, &generator, 300, 1);
    near("value", whole.measurement.value, pieces.value, EXACT);
    near("error", whole.measurement.standard_error, pieces.standard_error, EXACT);
}

#[test]
fn a_critic_whose_exponential_few_pairs_carry_is_not_certified() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 0.5);
    let mut bound = build(&config(Estimator::Nwj, "hidden = [8], activation = 'tanh'", ""), &generator, 1);
    let calm = entropy(&mut bound, &generator, 2000, 1);
    assert_eq!(calm.guarantee.level, Level::Certified);
    assert!(diagnostic(&calm, "effective_pairs") > 200.0, "{calm:?}");
    if let [.., weight, _] = &mut bound.parameters_mut()[..] {
        let steep: Vec<Real> = weight.values().iter().map(|w| 100.0 * w).collect();
        weight.set(&steep);
    }
    let steep = entropy(&mut bound, &generator, 2000, 1);
    assert_eq!(steep.guarantee.level, Level::Asymptotic);
    assert!(steep.guarantee.reason.contains("effective pairs of 2000"), "{steep:?}");
    assert!(diagnostic(&steep, "effective_pairs") < 20.0, "{steep:?}");
}
