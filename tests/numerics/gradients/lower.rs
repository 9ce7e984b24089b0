//! The entropy of the lower bounds `sv` and `none`.

use bounds_sv::{NoneConfig as NoLowerBound, SvConfig};
use ebm_core::bounds::{Estimate, GeneratorView, LowerBound};
use ebm_core::geometry::{Latents, Runtime};
use ebm_core::jacobian::{jacobian, log_volume};
use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{device::values, models::Generator, random::Random, registry::LowerBoundSpec};
use ebm_tests::differences::{EXACT, all_zero, differences, gradients_of, near};
use ebm_tests::{Draws, options, square};

use super::models::{GENERATOR_BATCH, generators, latents};

fn entropy<C: LowerBoundSpec>(
    config: &C,
    generator: &dyn Generator<Runtime>,
    z: &Latents<Runtime>,
    tape: SharedTape,
) -> Estimate {
    let view = GeneratorView::new(generator, z, tape, Random::new(1), 1);
    let mut bound = config.build(generator.geometry(), Random::new(1)).unwrap();
    bound.entropy(&view).unwrap()
}

fn sv_forms() -> [(&'static str, SvConfig); 3] {
    let tolerance = if cfg!(feature = "f64") { 1e-12 } else { 1e-6 };
    let iterative = format!("{{ steps = 200, warm_start = false, tolerance = {tolerance:?} }}");
    let iterative = options(&format!("solver = {{ iterative = {iterative} }}"));
    let log_det = options("variant = 'log-det'");
    [("smallest", SvConfig::default()), ("log-det", log_det), ("iterative", iterative)]
}

#[test]
fn the_entropy_is_differentiated_right_in_every_parameter_of_every_generator() {
    for (label, mut generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        for (form, config) in sv_forms() {
            let estimate = entropy(&config, &*generator, &z, SharedTape::training(Parts::GENERATOR));
            let name = format!("sv {form}, {label}");
            let value = f64::from(values(&estimate.value)[0]);
            near(&name, value, estimate.measurement.value, EXACT);
            let ours = gradients_of(&*generator, &mut backward(estimate.value));
            assert!(!all_zero(&ours), "{name}");
            differences(&name, &mut *generator, &ours, &mut |g| {
                entropy(&config, g, &z, SharedTape::off()).measurement.value
            });
        }
    }
}

#[test]
fn the_inverse_densities_are_those_of_the_jacobian_and_only_where_there_is_a_density() {
    let mut generators = generators();
    generators.push(("linear with noise".into(), Box::new(Draws::new(1).linear(2, 0.3))));
    let mut known = 0;
    for (label, generator) in generators {
        let (g, facts) = (generator.geometry(), generator.facts());
        let z = latents(g, GENERATOR_BATCH);
        let view = GeneratorView::new(&*generator, &z, SharedTape::off(), Random::new(1), 1);
        let [smallest, log_det, _] = sv_forms().map(|(_, config)| {
            let bound: Box<dyn LowerBound<Runtime>> = config.build(g, Random::new(1)).unwrap();
            bound.log_inverse_densities(&view).unwrap()
        });
        assert_eq!(smallest, None, "{label}: a bound of the volume");
        assert_eq!(log_det.is_some(), facts.injective && facts.noise == 0.0 && g.latent == g.data, "{label}");
        let Some(found) = log_det else { continue };
        known += 1;
        let volumes = values(&log_volume(&jacobian(&*generator, SharedTape::off().watch(&z))));
        assert_eq!(found.len(), volumes.len(), "{label}");
        let latents = values(&z);
        for ((found, volume), z) in found.into_iter().zip(volumes).zip(latents.chunks_exact(g.latent)) {
            let square: f64 = z.iter().map(|z| f64::from(*z).powi(2)).sum();
            let latent = 0.5 * (square + g.latent as f64 * std::f64::consts::TAU.ln());
            near(&label, found, f64::from(volume) + latent, 5.0 * EXACT);
        }
    }
    assert_eq!(known, 6, "two flows and a linear map of two widths each");
}

#[test]
fn the_converged_iteration_has_the_value_of_the_exact_solver() {
    let [(_, exact), _, (_, iterative)] = sv_forms();
    let tolerance = if cfg!(feature = "f64") { 1e-9 } else { 1e-3 };
    for (label, generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        let value = |config| entropy(config, &*generator, &z, SharedTape::off()).measurement.value;
        near(&label, value(&iterative), value(&exact), tolerance);
    }
}

#[test]
fn the_entropy_of_a_linear_map_has_the_closed_form_and_so_has_its_gradient() {
    // W = U diag(3, 0.5) V^T with U a turn by 0.4 and V one by -0.9.
    let (a, b) = (0.4f64.sin_cos(), (-0.9f64).sin_cos());
    let (u, v) = ([[a.1, -a.0], [a.0, a.1]], [[b.1, -b.0], [b.0, b.1]]);
    let s = [3.0, 0.5];
    let entry = |i: usize, j: usize, d: [f64; 2]| u[i][0] * d[0] * v[j][0] + u[i][1] * d[1] * v[j][1];
    let w: Vec<f64> = (0..4).map(|k| entry(k / 2, k % 2, s)).collect();
    let generator = LinearGaussian::new(square(2), &w, &[0.3, -0.1], 0.0);
    let z = latents(square(2), 3);
    // d ln|det W| = W^-T = U diag(1/s) V^T, and d (2 ln s_2) = 2 u_2 v_2^T / s_2.
    let cases = [("log-det", (3.0 * 0.5f64).ln(), [1.0 / 3.0, 2.0]), ("smallest", 2.0 * 0.5f64.ln(), [0.0, 4.0])];
    for (variant, volume, slopes) in cases {
        let config: SvConfig = options(&format!("variant = '{variant}'"));
        let estimate = entropy(&config, &generator, &z, SharedTape::training(Parts::GENERATOR));
        let truth = standard_normal_entropy(2) + volume;
        near(variant, estimate.measurement.value, truth, EXACT);
        let ours = gradients_of(&generator, &mut backward(estimate.value));
        for (k, g) in ours[0].iter().enumerate() {
            let slope = entry(k / 2, k % 2, slopes);
            near(&format!("{variant}, weight {k}"), f64::from(*g), slope, EXACT);
        }
        assert!(ours[1].iter().all(|g| *g == 0.0), "the bias moves no volume: {ours:?}");
    }
}

#[test]
fn a_multiple_of_a_rotation_makes_the_smallest_bound_and_the_upper_bound_tight() {
    for (angle, factor) in [(0.0, 1.0), (0.3, 0.1), (2.0, 0.7), (4.0, 5.0)] {
        let (s, c) = f64::sin_cos(angle);
        let generator = LinearGaussian::new(square(2), &[c, -s, s, c].map(|v| v * factor), &[0.0; 2], 0.0);
        let truth = standard_normal_entropy(2) + 2.0 * f64::ln(factor);
        let z = latents(square(2), 1);
        let view = GeneratorView::new(&generator, &z, SharedTape::off(), Random::new(1), 0);
        let mut bound: Box<dyn LowerBound<Runtime>> = SvConfig::default().build(square(2), Random::new(1)).unwrap();
        let upper = bound.entropy_upper_bound(&view).unwrap().unwrap();
        for found in [bound.entropy(&view).unwrap().measurement, upper] {
            near(&format!("{angle}, {factor}"), found.value, truth, EXACT);
        }
    }
}

#[test]
fn more_latent_than_data_dimensions_are_refused() {
    let error = SvConfig::default().build(Runtime { latent: 3, data: 2 }, Random::new(0)).err().unwrap();
    assert!(error.to_string().contains("3 > 2") && error.to_string().contains("noise-floor"), "{error}");
}

#[test]
fn without_a_lower_bound_nothing_is_added_and_nothing_is_claimed() {
    for (label, generator) in generators() {
        let z = latents(generator.geometry(), GENERATOR_BATCH);
        let config = NoLowerBound::default();
        let estimate = entropy(&config, &*generator, &z, SharedTape::training(Parts::GENERATOR));
        assert_eq!((values(&estimate.value), estimate.measurement.value), (vec![0.0], 0.0));
        let ours = gradients_of(&*generator, &mut backward(estimate.value));
        assert!(all_zero(&ours), "{label}");
        let bound = config.build(generator.geometry(), Random::new(1)).unwrap();
        assert!(!bound.bounds_entropy());
    }
}
