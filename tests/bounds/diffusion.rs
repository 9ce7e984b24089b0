//! The bound by diffusion against Gaussians, where everything along the process is known.

use bounds_diffusion::{DiffusionConfig, Form};
use ebm_core::bounds::{EnergySituation, EnergyView, Guarantee, Level, Measurement, UpperBound};
use ebm_core::device::{Real, values};
use ebm_core::diffusion::{Process, Ve, Vp};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::closed_form::{DiffusedGaussian, LinearGaussian, QuadraticEnergy};
use ebm_core::models::{Energy, Generator, timed_energy_gradient};
use ebm_core::parameter::Module;
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{error::BoundError, random::Random, registry::UpperBoundSpec};
use ebm_models::mixture::{MixtureEnergy, MixtureEnergyConfig};
use ebm_tests::{Draws, options, square};
use proptest::prelude::*;

const BATCH: usize = 20_000;

/// The Gaussians of the worked example: q = N(0.7, 0.5^2), p = N(-0.3, 1.4^2).
const Q: (f64, f64) = (0.7, 0.5);
const P: (f64, f64) = (-0.3, 1.4);
/// KL(q || p) = ln(1.4/0.5) + (0.25 + 1)/(2 * 1.96) - 1/2
const DIVERGENCE: f64 = 0.848_497;
/// CE(q, p) = 1/2 ln(2 pi 1.96) + 1.25/3.92
const CROSS_ENTROPY: f64 = 1.574_29;

fn processes() -> [Process; 2] {
    [Process::Vp(Vp::default()), Process::Ve(Ve::default())]
}

fn with(process: Process) -> DiffusionConfig {
    DiffusionConfig { process, ..Default::default() }
}

fn gaussian(process: Process, (mean, deviation): (f64, f64)) -> DiffusedGaussian<Runtime> {
    DiffusedGaussian::new(square(1), process, &[1.0 / (deviation * deviation)], &[mean]).unwrap()
}

fn evaluate(
    config: &DiffusionConfig,
    generator: &dyn Generator<Runtime>,
    energy: &dyn Energy<Runtime>,
    batch: usize,
    seed: u64,
) -> Result<Measurement, BoundError> {
    config.check().unwrap();
    let g = generator.geometry();
    let random = Random::new(seed);
    let latents = g.latents(random.stream("z").normals(batch * g.latent));
    let data = g.samples(vec![0.0; batch * g.data]);
    let situation = EnergySituation { energy, generator, latents: &latents, data: &data };
    let mut bound: Box<dyn UpperBound<Runtime>> = config.build(g, random).unwrap();
    let view = EnergyView::new(&situation, SharedTape::off(), random, 0);
    Ok(bound.divergence(&view)?.measurement)
}

#[test]
fn the_divergence_is_the_path_integral_of_the_difference_of_the_scores() {
    // 1/2 int g^2 E_qt |grad log q_t + grad E|^2 dt + KL(q_1 || p_1). The difference is linear in x, so three nodes of
    // Gauss and Hermite give the expectation exactly.
    let nodes = [(-3f64.sqrt(), 1.0 / 6.0), (0.0, 2.0 / 3.0), (3f64.sqrt(), 1.0 / 6.0)];
    for process in processes() {
        let (q, p) = (gaussian(process, Q), gaussian(process, P));
        let steps = 20_000;
        let mut integral = 0.0;
        for i in 0..steps {
            // Finer towards 0, where the variance exploding process and narrow densities change fastest.
            let u = (f64::from(i) + 0.5) / f64::from(steps);
            let (t, width) = (u * u, 2.0 * u / f64::from(steps));
            let m = process.at(t);
            let (mean, deviation) = (m.signal * Q.0, (m.signal * Q.1).hypot(m.noise));
            let x = square(1).samples(nodes.map(|(z, _)| (mean + deviation * z) as Real).to_vec());
            let times = [t as Real; 3];
            let ours = values(&timed_energy_gradient(&p, &x, &times).1);
            let theirs = values(&timed_energy_gradient(&q, &x, &times).1);
            let squares = ours.iter().zip(theirs).zip(nodes);
            let mean: f64 = squares.map(|((a, b), (_, w))| w * f64::from(a - b).powi(2)).sum();
            integral += 0.5 * m.diffusion * mean * width;
        }
        let end = process.at(1.0);
        let [vq, vp] = [Q, P].map(|of| (end.signal * of.1).powi(2) + end.noise.powi(2));
        let shift = end.signal * (Q.0 - P.0);
        let rest = 0.5 * ((vp / vq).ln() + (vq + shift * shift) / vp - 1.0);
        let total = integral + rest;
        assert!((total - DIVERGENCE).abs() < 1e-4, "{process:?}: {total}");
    }
}

#[test]
fn the_cross_entropy_of_two_gaussians_is_found_for_every_process_and_sampling() {
    let generator = LinearGaussian::new(square(1), &[Q.1], &[Q.0], 0.0);
    for process in processes() {
        for (sampling, worst) in [("importance", 0.03), ("uniform", 0.4)] {
            let sampled = options(&format!("form = 'cross-entropy', sampling = '{sampling}'"));
            let config = DiffusionConfig { process, ..sampled };
            let found = evaluate(&config, &generator, &gaussian(process, P), 200_000, 3).unwrap();
            let error = (found.value - CROSS_ENTROPY).abs();
            assert!(error < 4.0 * found.standard_error, "{config:?}: {found:?}");
            // The test can tell a difference.
            assert!(found.standard_error < worst, "{config:?}: {found:?}");
            assert_eq!(found.guarantee.level, Level::Certified);
        }
    }
}

#[test]
fn the_denoising_form_lies_above_the_divergence_by_what_it_does_not_know_of_the_samples() {
    // E |n/s|^2 - E |grad log q_t|^2 = 1/s^2 - 1/v, with v the variance of q_t: positive, and the same for any energy.
    let generator = LinearGaussian::new(square(1), &[Q.1], &[Q.0], 0.0);
    for process in processes() {
        let config = with(process);
        let found = evaluate(&config, &generator, &gaussian(process, P), 200_000, 5).unwrap();
        let steps = 100_000;
        let excess = |i: i32| {
            let inverse = (f64::from(i) + 0.5) / f64::from(steps);
            let (t, width) = (1e-3f64.powf(1.0 - inverse), 1e-3f64.ln().abs() / f64::from(steps));
            let m = process.at(t);
            let variance = (m.signal * Q.1).powi(2) + m.noise.powi(2);
            0.5 * m.diffusion * (1.0 / (m.noise * m.noise) - 1.0 / variance) * width * t
        };
        let truth = DIVERGENCE + (0..steps).map(excess).sum::<f64>();
        // Below t_min and beyond the end there is less than 1e-3.
        assert!((found.value - truth).abs() < 4.0 * found.standard_error + 1e-3, "{process:?}: {found:?}, not {truth}");
        assert_eq!(found.guarantee.level, Level::Asymptotic);
    }
}

#[test]
fn a_solution_of_the_fokker_planck_equation_has_no_residual_and_another_energy_has() {
    let generator = LinearGaussian::new(square(1), &[Q.1], &[Q.0], 0.0);
    let residual = |process, of| {
        let config = with(process);
        let found = evaluate(&config, &generator, &gaussian(of, P), 2_000, 7).unwrap();
        let mut diagnostics = found.diagnostics.iter();
        let (_, size) = diagnostics.find(|(name, _)| name == "fokker_planck").unwrap();
        (*size, found.guarantee.level)
    };
    let [vp, ve] = processes();
    for process in [vp, ve] {
        let (size, level) = residual(process, process);
        assert!(size < 1e-3, "{process:?}: {size}");
        assert!(level > Level::Heuristic);
    }
    let (size, level) = residual(vp, ve);
    assert!(size > 0.1, "{size}");
    assert_eq!(level, Level::Heuristic);
}

/// A mixture of Gaussians, as it is in the middle of training.
fn mixture(width: usize, process: Process, seed: u64) -> MixtureEnergy<Runtime> {
    let config = MixtureEnergyConfig { components: 6, min_scale: 0.3, process, ..Default::default() };
    let mut energy = MixtureEnergy::new(square(width), &config, Random::new(seed));
    for (step, parameter) in (0u64..).zip(energy.parameters_mut()) {
        let noise = Random::new(seed).stream("moved").at(step).normals(parameter.len());
        let moved: Vec<Real> = parameter.values().iter().zip(noise).map(|(v, n)| v + 0.3 * n).collect();
        parameter.set(&moved);
    }
    energy
}

#[test]
fn the_likelihood_of_a_learned_mixture_has_a_certified_upper_bound() {
    for process in processes() {
        for (width, seed) in [(1, 1), (2, 2), (3, 3)] {
            let (generator, energy) = (Draws::new(seed).linear(width, 0.0), mixture(width, process, seed));
            let config = DiffusionConfig { form: Form::CrossEntropy, process, ..Default::default() };
            let found = evaluate(&config, &generator, &energy, BATCH, seed).unwrap();
            assert_eq!(found.guarantee.level, Level::Certified, "{found:?}");
            // The samples that the bound saw. As log Z = 0, their mean energy is the cross-entropy: the NLL of data from p_g.
            let latents = square(width).latents(Random::new(seed).stream("z").normals(BATCH * width));
            let off = SharedTape::off();
            let energies = values(&energy.forward(generator.forward(off.watch(&latents))));
            let truth = Measurement::of(energies.into_iter().map(f64::from), Guarantee::certified("log Z = 0"));
            let error = found.standard_error.hypot(truth.standard_error);
            // An identity here, so it is checked from both sides.
            let far = (found.value - truth.value).abs();
            assert!(
                far < 4.5 * error + 1e-3 * (1.0 + truth.value.abs()),
                "{process:?} {width}: {found:?}, not {truth:?}"
            );
            let mut diagnostics = found.diagnostics.iter();
            let (_, residual) = diagnostics.find(|(name, _)| name == "fokker_planck").unwrap();
            assert!(*residual < 5e-3, "{process:?} {width}: {residual}");
        }
    }
    let [vp, ve] = processes();
    let generator = Draws::new(4).linear(2, 0.0);
    let config = DiffusionConfig { form: Form::CrossEntropy, process: vp, ..Default::default() };
    let found = evaluate(&config, &generator, &mixture(2, ve, 4), 100, 4).unwrap();
    assert_eq!(found.guarantee.level, Level::Heuristic);
    assert!(found.guarantee.reason.contains("another process"), "{found:?}");
}

#[test]
fn two_probes_multiplied_tell_the_residual_and_one_squared_tells_more() {
    // An energy that solves the equation, with a Hessian off the diagonal that makes random Laplacians differ.
    let (precision, mean) = ([2.0, 0.8, 0.3, 0.8, 1.5, -0.5, 0.3, -0.5, 1.0], [0.3, -0.2, 0.1]);
    let energy = DiffusedGaussian::new(square(3), Process::default(), &precision, &mean).unwrap();
    let generator = Draws::new(2).linear(3, 0.0);
    // The variance of the residual as it is trained, alone in the objective.
    let residual = |options_of_it: &str, seed: u64| {
        let text = format!("weight = 0.0, fokker_planck = {{ weight = 1.0, {options_of_it} }}");
        let config: DiffusionConfig = options(&text);
        let random = Random::new(seed);
        let latents = square(3).latents(random.stream("z").normals(3 * 2000));
        let data = square(3).samples(vec![0.0; 3 * 2000]);
        let situation = EnergySituation { energy: &energy, generator: &generator, latents: &latents, data: &data };
        let mut bound: Box<dyn UpperBound<Runtime>> = config.build(square(3), random).unwrap();
        let view = EnergyView::new(&situation, SharedTape::training(Parts::ENERGY), random, 0);
        f64::from(values(&bound.divergence(&view).unwrap().value)[0])
    };
    let mean_of = |options_of_it: &str| {
        let draws = (0..40).map(|seed| residual(options_of_it, seed));
        Measurement::of(draws, Guarantee::heuristic("test"))
    };
    let (exact, one, two, three) =
        (mean_of("probes = 0"), mean_of("probes = 1"), mean_of("probes = 2"), mean_of("probes = 3"));
    assert!(exact.value < 1e-4, "{exact:?}");
    assert!(one.value > 0.005 && one.value > 20.0 * one.standard_error, "{one:?}");
    for unbiased in [two, three] {
        assert!(unbiased.value.abs() < 4.5 * unbiased.standard_error + 1e-4, "{unbiased:?}");
        assert!(unbiased.standard_error < 0.2 * one.value, "{unbiased:?}");
    }
    let off_the_samples = mean_of("probes = 0, spread = 30.0, until = 0.3");
    assert!(off_the_samples.value < 1e-4, "{off_the_samples:?}");
}

#[test]
fn what_is_not_a_bound_is_not_called_one() {
    let process = Process::default();
    let generator = LinearGaussian::new(square(1), &[Q.1], &[Q.0], 0.0);
    for other in ["weighting = 'variance'", "t_max = 0.5"] {
        let config = options(&format!("form = 'cross-entropy', {other}"));
        let found = evaluate(&config, &generator, &gaussian(process, P), 100, 1).unwrap();
        assert_eq!(found.guarantee.level, Level::Heuristic, "{other}");
    }
    let tall = Runtime { latent: 1, data: 2 };
    let curve = LinearGaussian::new(tall, &[1.0, 0.5], &[0.0, 0.0], 0.0);
    let model = DiffusedGaussian::new(tall, process, &[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0]).unwrap();
    let found = evaluate(&DiffusionConfig::default(), &curve, &model, 100, 1).unwrap();
    // A curve in the plane has no density.
    assert_eq!(found.guarantee.level, Level::Heuristic);
}

#[test]
fn a_static_energy_is_refused_with_the_way_out() {
    let generator = LinearGaussian::new(square(1), &[1.0], &[0.0], 0.0);
    let energy = QuadraticEnergy::new(square(1), &[1.0], &[0.0]);
    let error = evaluate(&DiffusionConfig::default(), &generator, &energy, 10, 1).unwrap_err();
    assert!(error.to_string().contains("does not depend on a diffusion time"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn gaussians_of_any_width_are_bounded(d in 1usize..=8, seed in any::<u64>(), noisy in any::<bool>(), exploding in any::<bool>()) {
        let process = processes()[usize::from(exploding)];
        let draws = Draws::new(seed);
        let generator = draws.linear(d, if noisy { 0.3 } else { 0.0 });
        let (precision, mean) = draws.precision(d);
        let energy = DiffusedGaussian::new(square(d), process, &precision, &mean).unwrap();
        let plain = QuadraticEnergy::new(square(d), &precision, &mean);
        let expected = plain.expected_energy(&generator.mean(), &generator.covariance());
        let cross_entropy = expected + plain.log_partition().unwrap();
        let config = DiffusionConfig { form: Form::CrossEntropy, process, ..Default::default() };
        let found = evaluate(&config, &generator, &energy, BATCH, seed).unwrap();
        prop_assert_eq!(found.guarantee.level, Level::Certified);
        // An identity here, so it is checked from both sides.
        let error = (found.value - cross_entropy).abs();
        prop_assert!(
            error < 4.5 * found.standard_error + 1e-3 * (1.0 + cross_entropy.abs()),
            "{} +- {}, not {cross_entropy}", found.value, found.standard_error
        );
        let divergence = cross_entropy - generator.entropy().unwrap();
        let found = evaluate(&with(process), &generator, &energy, BATCH, seed).unwrap();
        prop_assert!(found.value > divergence - 4.0 * found.standard_error, "{} below {divergence}", found.value);
    }
}
