//! Models whose likelihood is known exactly: every certified lower bound is below it, every upper one above.

use bounds_gp::GpConfig;
use bounds_sv::SvConfig;
use dfdx::prelude::SplitTape;
use ebm_core::bounds::{
    EnergySituation, EnergyView, GeneratorView, Guarantee, Level, LowerBound, Measurement, UpperBound,
};
use ebm_core::device::values;
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::closed_form::QuadraticEnergy;
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundSpec, UpperBoundSpec};
use ebm_core::tape::SharedTape;
use ebm_tests::{Draws, options, square};
use proptest::prelude::*;

/// Number of samples, so large that six standard errors, which [`below`] allows, are still little: 6 / sqrt(9000) of a
/// deviation is 4 / sqrt(4000).
const BATCH: usize = 9000;

/// A lower and an upper bound of the entropy.
fn entropy(config: &SvConfig, generator: &dyn Generator<Runtime>, seed: u64) -> (Measurement, Measurement) {
    let g = generator.geometry();
    let latents = g.latents(Random::new(seed).stream("z").normals(BATCH * g.latent));
    let view = GeneratorView::new(generator, &latents, SharedTape::off(), Random::new(seed), 0);
    let mut bound: Box<dyn LowerBound<Runtime>> = config.build(g, Random::new(seed)).unwrap();
    let lower = bound.entropy(&view).unwrap().measurement;
    (lower, bound.entropy_upper_bound(&view).unwrap().unwrap())
}

fn log_sobolev(generator: &dyn Generator<Runtime>, energy: &dyn Energy<Runtime>, seed: u64) -> Measurement {
    let g = generator.geometry();
    let random = Random::new(seed);
    let latents = g.latents(random.stream("z").normals(BATCH * g.latent));
    let off = SharedTape::off();
    let (generated, _) = sample(generator, &latents, &off, random).split_tape();
    let situation = EnergySituation { energy, generator, latents: &latents, data: &generated };
    let config: GpConfig = options("form = 'log-sobolev'");
    let mut bound: Box<dyn UpperBound<Runtime>> = config.build(g, random).unwrap();
    let estimate = bound.divergence(&EnergyView::new(&situation, off, random, 0));
    estimate.unwrap().measurement
}

/// Asserts that a value is not on the wrong side of the truth by more than chance and rounding allow.
///
/// Six standard errors: hundreds of cases are drawn anew in every run, some have a bound that is the truth itself, and a mean of
/// squares that is low by chance has an estimated error that is low as well.
fn below(lower: &Measurement, truth: f64, truth_error: f64) -> bool {
    let chance = 6.0 * lower.standard_error.hypot(truth_error);
    lower.value <= truth + chance + 1e-4 * (1.0 + truth.abs())
}

fn above(upper: &Measurement, truth: f64, truth_error: f64) -> bool {
    let mut mirrored = upper.clone();
    mirrored.value = -upper.value;
    below(&mirrored, -truth, truth_error)
}

/// The two forms of the bound.
fn forms() -> [SvConfig; 2] {
    ["variant = 'smallest'", "variant = 'log-det'"].map(options)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn linear_generators_are_sandwiched(d in 1usize..=8, seed in any::<u64>(), noisy in any::<bool>()) {
        let noise = if noisy { 0.3 } else { 0.0 };
        let draws = Draws::new(seed);
        let generator = draws.linear(d, noise);
        let energy = draws.quadratic(d, d);
        let entropy_truth = generator.entropy().unwrap();
        // L of the generator's own samples as data: E_pg[E] + log Z.
        let divergence_truth = energy.divergence_of_gaussian(&generator.mean(), &generator.covariance()).unwrap();
        for config in forms() {
            let (lower, upper) = entropy(&config, &generator, seed);
            prop_assert_eq!(lower.guarantee.level, Level::Certified);
            prop_assert!(below(&lower, entropy_truth, 0.0), "lower {} truth {entropy_truth}", lower.value);
            if noise == 0.0 {
                prop_assert_eq!(upper.guarantee.level, Level::Certified);
                prop_assert!(above(&upper, entropy_truth, 0.0), "upper {} truth {entropy_truth}", upper.value);
            } else {
                prop_assert!(upper.guarantee.level < Level::Certified);
            }
        }
        let upper = log_sobolev(&generator, &energy, seed);
        if noise == 0.0 {
            prop_assert_eq!(upper.guarantee.level, Level::Certified);
            prop_assert!(above(&upper, divergence_truth, 0.0), "upper {} truth {divergence_truth}", upper.value);
        } else {
            prop_assert!(upper.guarantee.level < Level::Certified);
        }
    }

    #[test]
    fn flow_generators_are_sandwiched(d in 1usize..=6, seed in any::<u64>()) {
        let draws = Draws::new(seed);
        let generator = draws.flow(d);
        let energy = draws.quadratic(d, d);
        let latents = square(d).latents(Random::new(seed ^ 1).stream("truth").normals(BATCH * d));
        let exact = Measurement::of(
            generator.negative_log_densities(&latents),
            Guarantee::certified("closed form"),
        );
        for config in forms() {
            let (lower, upper) = entropy(&config, &generator, seed);
            prop_assert_eq!(lower.guarantee.level, Level::Certified);
            prop_assert!(below(&lower, exact.value, exact.standard_error), "lower {} truth {}", lower.value, exact.value);
            prop_assert!(above(&upper, exact.value, exact.standard_error));
        }
        // KL = E_pg[E] + log Z - H, all three of the same closed forms.
        let off = SharedTape::off();
        let energies = energy.forward(generator.forward(off.watch(&latents)));
        let energies = Measurement::of(
            values(&energies).into_iter().map(f64::from),
            Guarantee::certified("sample mean"),
        );
        let truth = energies.value + energy.log_partition().unwrap() - exact.value;
        let upper = log_sobolev(&generator, &energy, seed);
        prop_assert_eq!(upper.guarantee.level, Level::Certified);
        prop_assert!(above(&upper, truth, energies.standard_error.hypot(exact.standard_error)));
    }
}

#[test]
fn the_divergence_vanishes_where_the_generator_is_the_model() {
    // G(z) = A z and E = 1/2 x'(A A')^-1 x.
    let draws = Draws::new(5);
    let generator = draws.linear(3, 0.0);
    let c = generator.covariance();
    let m = faer::MatRef::from_row_major_slice(&c[..], 3, 3);
    use faer::linalg::solvers::DenseSolveCore;
    let inverse = m.llt(faer::Side::Lower).unwrap().inverse();
    let precision: Vec<f64> = (0..9).map(|k| inverse[(k / 3, k % 3)]).collect();
    let energy = QuadraticEnergy::new(square(3), &precision, &generator.mean());
    let upper = log_sobolev(&generator, &energy, 3);
    assert!(upper.value < 1e-4, "{}", upper.value);
}
