//! The lower bound `sv` for generators with noise, `noise-floor` and `encoder-floor`, where the entropy is known.

use bounds_sv::SvConfig;
use ebm_core::geometry::{TapedLatents, TapedSamples};
use ebm_core::models::{GeneratorFacts, closed_form::LinearGaussian};
use ebm_core::{module, prelude::*, registry::LowerBoundSpec};
use ebm_tests::differences::{EXACT, gradients_of, near};
use ebm_tests::{Draws, options};
use proptest::prelude::*;

type Bound = Box<dyn LowerBound<Runtime>>;

fn build(text: &str, generator: &dyn Generator<Runtime>, seed: u64) -> Bound {
    let config: SvConfig = options(text);
    config.check().unwrap();
    config.build(generator.geometry(), Random::new(seed)).unwrap()
}

/// The bound on `batch` draws of a seed, in the first step.
fn estimate(
    bound: &mut Bound,
    generator: &dyn Generator<Runtime>,
    batch: usize,
    seed: u64,
    tape: SharedTape,
) -> Estimate {
    let (g, random) = (generator.geometry(), Random::new(seed).stream("batch"));
    let latents = g.latents(random.stream("z").normals(batch * g.latent));
    bound.entropy(&GeneratorView::new(generator, &latents, tape, random, 1)).unwrap()
}

fn measured(text: &str, generator: &dyn Generator<Runtime>, batch: usize, seed: u64) -> Measurement {
    estimate(&mut build(text, generator, seed), generator, batch, seed, SharedTape::off()).measurement
}

fn diagnostic(measurement: &Measurement, name: &str) -> f64 {
    let mut diagnostics = measurement.diagnostics.iter();
    diagnostics.find(|(found, _)| found == name).unwrap().1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_linear_generator_of_any_axes_has_its_entropy(
        latent in 1usize..=8,
        data in 1usize..=8,
        noise in 0.05f64..2.0,
        seed in any::<u64>(),
    ) {
        let generator = Draws::new(seed).tall(latent, data, noise);
        let truth = generator.entropy().unwrap();
        let found = measured("variant = 'noise-floor'", &generator, 3, seed);
        prop_assert!((found.value - truth).abs() < 1e-4 * (1.0 + truth.abs()), "{} is not {truth}", found.value);
        let level = if latent <= data { Level::Asymptotic } else { Level::Heuristic };
        prop_assert_eq!(found.guarantee.level, level);
    }

    #[test]
    fn every_encoder_and_every_number_of_steps_is_below_the_entropy(
        latent in 3usize..=24,
        data in 1usize..=12,
        steps in 0usize..=8,
        probes in 1usize..=2,
        noise in 0.2f64..2.0,
        tau in 0.5f64..10.0,
        seed in any::<u64>(),
    ) {
        let generator = Draws::new(seed).tall(latent, data, noise);
        let truth = generator.entropy().unwrap();
        let quadrature = format!("lanczos_steps = {steps}, probes = {probes}");
        let encoder = "encoder = { hidden = [6], activation = 'tanh', init = 'kaiming', init_gain = 3.0 }";
        let certified = format!("variant = 'encoder-floor', tau = {{ fixed = {tau:?} }}, {encoder}, {quadrature}");
        let certified = measured(&certified, &generator, 1000, seed);
        prop_assert_eq!(certified.guarantee.level, Level::Certified);
        let bare = measured(&format!("variant = 'noise-floor', {quadrature}"), &generator, 1000, seed);
        for found in [certified, bare] {
            prop_assert!(
                found.value <= truth + 6.0 * found.standard_error + 1e-4 * (1.0 + truth.abs()),
                "{} +- {}, truth {truth}", found.value, found.standard_error
            );
        }
    }
}

#[test]
fn quadrature_encloses_the_determinant() {
    let generator = Draws::new(3).tall(20, 24, 0.3);
    let truth = generator.entropy().unwrap();
    let volume = diagnostic(&measured("variant = 'noise-floor', lanczos_steps = 0", &generator, 1, 1), "volume");
    let mut gaps = Vec::new();
    for steps in [1, 3, 8] {
        let found = measured(&format!("variant = 'noise-floor', lanczos_steps = {steps}"), &generator, 4000, 1);
        let chance = 5.0 * found.standard_error;
        let upper = diagnostic(&found, "volume_upper");
        assert!(found.value < truth + chance && upper > volume - chance, "{steps} steps: {found:?}, truth {truth}");
        gaps.push(upper - diagnostic(&found, "volume"));
    }
    // 8, 0.9 and 0.01 nats for such matrices.
    assert!(gaps[0] > gaps[1] && gaps[1] > gaps[2] && gaps[2] > 0.0 && gaps[2] < 0.1, "{gaps:?}");
}

#[test]
fn columns_that_are_dead_cost_nothing() {
    let g = Runtime { latent: 3, data: 4 };
    let noise = standard_normal_entropy(4) + 4.0 * 0.1f64.ln();
    for steps in [0, 1] {
        let text = format!("variant = 'noise-floor', lanczos_steps = {steps}, probes = 4");
        let none = LinearGaussian::new(g, &[0.0; 12], &[0.0; 4], 0.1);
        near("J = 0", measured(&text, &none, 2, 1).value, noise, EXACT);
        // One column of length 0.2 is left: of two eigenvalues, Radau's rule has the other one, 1, anyway.
        let mut weight = [0.0; 12];
        weight[0] = 0.2;
        let one = LinearGaussian::new(g, &weight, &[0.0; 4], 0.1);
        let found = estimate(&mut build(&text, &one, 1), &one, 2, 1, SharedTape::training(Parts::GENERATOR));
        near("one column", found.measurement.value, noise + 0.5 * 5f64.ln(), 10.0 * EXACT);
        let slopes = gradients_of(&one, &mut backward(found.value));
        assert!(slopes.iter().flatten().all(|slope| slope.is_finite()), "{slopes:?}");
        if steps == 0 {
            // d/ds 1/2 ln(1 + s^2/sigma^2) = s / (s^2 + sigma^2)
            near("its slope", f64::from(slopes[0][0]), 0.2 / 0.05, 10.0 * EXACT);
        }
    }
}

/// W with orthogonal columns of lengths 3 and 1.5.
const ORTHOGONAL: [f64; 6] = [1.0, 1.0, 2.0, 0.5, 2.0, -1.0];

#[test]
fn the_encoder_that_is_the_posterior_s_mean_makes_it_tight() {
    let (sigma, bias) = (0.3, [0.5, -1.0, 2.0]);
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &bias, sigma);
    let truth = generator.entropy().unwrap();
    let mut bound = build("variant = 'encoder-floor', tau = { fixed = 1.0 }, encoder = { hidden = [] }", &generator, 1);
    // The mean of z given x: w_k.(x - b) / (sigma^2 + ||w_k||^2).
    let (mut weight, mut shift) = (vec![0.0; 6], vec![0.0; 2]);
    for k in 0..2 {
        let column = [0, 1, 2].map(|i| ORTHOGONAL[2 * i + k]);
        let scale = 1.0 / (sigma * sigma + column.iter().map(|w| w * w).sum::<f64>());
        for (i, w) in column.iter().enumerate() {
            weight[3 * k + i] = (scale * w) as Real;
            shift[k] -= (scale * w * bias[i]) as Real;
        }
    }
    {
        let mut parameters = bound.parameters_mut();
        assert_eq!(parameters[0].name(), "encoder.layers.0.weight");
        parameters[0].set(&weight);
        parameters[1].set(&shift);
    }
    let found = estimate(&mut bound, &generator, 60_000, 3, SharedTape::off()).measurement;
    // r'A r is chi-square with 2 degrees of freedom, whose half has variance 1.
    assert!((found.standard_error * 60_000f64.sqrt() - 1.0).abs() < 0.03, "{found:?}");
    assert!((found.value - truth).abs() < 4.0 * found.standard_error, "{found:?} {truth}");
    assert!((diagnostic(&found, "encoder_error") - 1.0).abs() < 0.02, "{found:?}");
}

#[test]
fn tau_follows_the_steps_that_were_taken_and_no_evaluation() {
    let generator = LinearGaussian::new(Runtime { latent: 2, data: 3 }, &ORTHOGONAL, &[0.0; 3], 0.3);
    let mut bound = build("variant = 'encoder-floor', encoder = { hidden = [4] }", &generator, 1);
    let tape = SharedTape::training(Parts::GENERATOR | Parts::LOWER);
    let Estimate { value, measurement: first, .. } = estimate(&mut bound, &generator, 500, 1, tape);
    assert_eq!(diagnostic(&first, "tau_square"), 1.0);
    let error = diagnostic(&first, "encoder_error");
    // Trained with the batch's own tau: d/2 - d ln tau - d/2.
    let noise = standard_normal_entropy(3) + 3.0 * 0.3f64.ln();
    let trained = noise + diagnostic(&first, "volume") - error.ln();
    near("the trained value", f64::from(values(&value)[0]), trained, EXACT);
    // An evaluation of other samples in between leaves no trace.
    estimate(&mut bound, &generator, 500, 2, SharedTape::off());
    bound.commit();
    let next = estimate(&mut bound, &generator, 500, 1, SharedTape::off()).measurement;
    near("tau^2", diagnostic(&next, "tau_square"), error, EXACT);
    near("the value with it", next.value, trained, 10.0 * EXACT);
    assert!(next.value > first.value + 10.0, "{} after {}", next.value, first.value);
}

/// `G(z) = sin(6 z)` with noise 0.05, which folds. It is for values only: nothing is recorded.
struct Folded;

ebm_core::no_parameters!(Folded);

impl Generator<Runtime> for Folded {
    fn geometry(&self) -> Runtime {
        Runtime { latent: 1, data: 1 }
    }
    fn pushforward(
        &self,
        z: TapedLatents<Runtime>,
        v: TapedLatents<Runtime>,
    ) -> (TapedSamples<Runtime>, TapedSamples<Runtime>) {
        let (z, v) = (values(&z), values(&v));
        let slopes = v.iter().zip(z.iter().cycle()).map(|(&v, &z)| 6.0 * Real::cos(6.0 * z) * v).collect();
        let samples = |values: Vec<Real>| SharedTape::off().watch(&self.geometry().samples(values));
        (samples(z.iter().map(|&z| Real::sin(6.0 * z)).collect()), samples(slopes))
    }
    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(0.05)
    }
}

/// The entropy of `sin(6 z) + 0.05 n` by quadrature over z and x; 0.7094 with ten times as many nodes.
fn entropy_of_folded() -> f64 {
    let nodes = |n: usize, limit: f64| (0..=n).map(move |i| limit * (2.0 * i as f64 / n as f64 - 1.0));
    let normal =
        |x: f64, deviation: f64| (-0.5 * (x / deviation).powi(2)).exp() / (deviation * std::f64::consts::TAU.sqrt());
    let latents: Vec<(f64, f64)> =
        nodes(4000, 6.0).map(|z| ((6.0 * z).sin(), normal(z, 1.0) * 12.0 / 4000.0)).collect();
    let density = |x: f64| latents.iter().map(|(mean, weight)| weight * normal(x - mean, 0.05)).sum::<f64>();
    let terms = nodes(800, 1.4).map(density).map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 });
    terms.sum::<f64>() * 2.8 / 800.0
}

#[test]
fn where_the_generator_folds_only_the_encoder_pays_for_it() {
    let truth = entropy_of_folded();
    near("the entropy", truth, 0.7094, 1e-3);
    let bare = measured("variant = 'noise-floor'", &Folded, 4000, 1);
    assert!(bare.value > truth + 1.5, "{} for an entropy of {truth}", bare.value);
    assert_eq!(bare.guarantee.level, Level::Heuristic);
    for (seed, tau) in [(1, 1.0), (2, 10.0), (3, 60.0), (4, 200.0)] {
        let found = measured(&format!("variant = 'encoder-floor', tau = {{ fixed = {tau:?} }}"), &Folded, 4000, seed);
        assert_eq!(found.guarantee.level, Level::Certified);
        assert!(found.value < truth + 5.0 * found.standard_error, "{found:?} for an entropy of {truth}");
    }
}

#[test]
fn without_noise_there_is_a_way_out_and_with_more_latents_than_data_there_is_one() {
    let silent = Draws::new(1).tall(2, 3, 0.0);
    let latents = silent.geometry().latents(vec![0.0; 4]);
    let view = GeneratorView::<Runtime>::new(&silent, &latents, SharedTape::off(), Random::new(1), 1);
    for variant in ["noise-floor", "encoder-floor"] {
        let error = build(&format!("variant = '{variant}'"), &silent, 1).entropy(&view).unwrap_err().to_string();
        assert!(error.contains(variant) && error.contains("generator.noise") && error.contains("log-det"), "{error}");
    }
    let wide = Draws::new(1).tall(3, 2, 0.1);
    let refused = SvConfig::default().build(wide.geometry(), Random::new(0)).err().unwrap().to_string();
    assert!(refused.contains("noise-floor") && refused.contains("3 > 2"), "{refused}");
    assert!(measured("variant = 'noise-floor'", &wide, 4, 1).value.is_finite());
}

/// A linear generator that learns its noise.
struct Noisy {
    map: LinearGaussian<Runtime>,
    noise: Parameter,
}

module!([] Noisy: map, noise);

impl Generator<Runtime> for Noisy {
    fn geometry(&self) -> Runtime {
        self.map.geometry()
    }
    fn pushforward(
        &self,
        z: TapedLatents<Runtime>,
        v: TapedLatents<Runtime>,
    ) -> (TapedSamples<Runtime>, TapedSamples<Runtime>) {
        self.map.pushforward(z, v)
    }
    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(f64::from(self.noise.values()[0]))
    }
    fn noise_level(&self) -> Option<&Parameter> {
        Some(&self.noise)
    }
}

#[test]
fn the_gradient_of_the_quadrature_is_that_of_the_determinant_in_expectation() {
    // W'W = 9 I, so that one step is exact for every probe.
    let weight = [1.0, 2.0, 2.0, 2.0, 1.0, -2.0, 2.0, -2.0, 1.0];
    let generator = Noisy {
        map: LinearGaussian::new(Runtime { latent: 3, data: 3 }, &weight, &[0.0; 3], 0.0),
        noise: Parameter::trained("noise", vec![1], vec![1.5]),
    };
    let slopes = |steps: usize, probes: usize| {
        let text = format!("variant = 'noise-floor', lanczos_steps = {steps}, probes = {probes}");
        let mut bound = build(&text, &generator, 1);
        let found = estimate(&mut bound, &generator, 50, 1, SharedTape::training(Parts::GENERATOR));
        near(&text, f64::from(values(&found.value)[0]), found.measurement.value, EXACT);
        // 1/2 ln(1 + 9/2.25) for each of three directions.
        let truth = standard_normal_entropy(3) + 3.0 * 1.5f64.ln() + 1.5 * 5f64.ln();
        near(&text, found.measurement.value, truth, 10.0 * EXACT);
        gradients_of(&generator, &mut backward(found.value))
    };
    // W A^-1 / sigma^2 = W / 11.25; D/sigma - d s^2 / (sigma (s^2 + sigma^2)) = (3 - 2.4) / 1.5 = 0.4.
    let exact = slopes(0, 1);
    let sampled = slopes(1, 200);
    for (k, w) in weight.iter().enumerate() {
        near("exact", f64::from(exact[0][k]), w / 11.25, 10.0 * EXACT);
        near("sampled", f64::from(sampled[0][k]), w / 11.25, 0.03);
    }
    for slopes in [exact, sampled] {
        near("in sigma", f64::from(slopes[2][0]), 0.4, 20.0 * EXACT);
    }
}
