//! The bound on generators whose entropy is known.

use ebm_core::models::closed_form::LinearGaussian;
use ebm_core::prelude::*;
use ebm_core::registry::LowerBoundSpec;
use ebm_core::tape::backward;
use entropy_knn::EntropyKnn;

// What every lower bound must satisfy, one test a rule.
ebm_conformance::conformance_tests!(lower, "entropy-knn");

fn latents(geometry: Runtime, batch: usize) -> Latents<Runtime> {
    geometry.latents(Random::new(3).stream("latents").normals(batch * geometry.latent))
}

fn entropy(
    config: &EntropyKnn,
    generator: &LinearGaussian<Runtime>,
    geometry: Runtime,
    latents: &Latents<Runtime>,
    tape: SharedTape,
) -> Result<Estimate, BoundError> {
    let random = Random::new(4);
    let mut bound = config.build(geometry, random).unwrap();
    bound.entropy(&GeneratorView::new(generator, latents, tape, random, 1))
}

const PLANE: Runtime = Runtime { latent: 2, data: 2 };

fn planar(noise: f64) -> LinearGaussian<Runtime> {
    LinearGaussian::new(PLANE, &[1.5, 0.4, -0.3, 0.7], &[1.0, -2.0], noise)
}

#[test]
fn the_entropy_of_a_gaussian_is_met_with_and_without_noise() {
    for noise in [0.0, 0.3] {
        let generator = planar(noise);
        let config = EntropyKnn::default();
        let found = entropy(&config, &generator, PLANE, &latents(PLANE, 2000), SharedTape::off()).unwrap();
        let (found, truth) = (found.measurement, generator.entropy().unwrap());
        assert!((found.value - truth).abs() < 0.06, "{found:?} is not {truth}");
        assert!(found.standard_error < 0.05, "{found:?}");
        assert_eq!(found.guarantee.level, Level::Asymptotic);
    }
}

#[test]
fn a_larger_scale_of_a_linear_generator_is_more_entropy_by_the_dimension() {
    // H[a x] = H[x] + D ln a, so sum_i z_i dH/dz_i = D for x = W z.
    let generator = LinearGaussian::new(PLANE, &[1.5, 0.4, -0.3, 0.7], &[0.0, 0.0], 0.0);
    let z = latents(PLANE, 100);
    let found = entropy(&EntropyKnn::default(), &generator, PLANE, &z, SharedTape::inputs_only()).unwrap();
    let slopes = values(&backward(found.value).of(&z));
    let total: f64 = slopes.iter().zip(values(&z)).map(|(slope, z)| f64::from(*slope) * f64::from(z)).sum();
    assert!((total - 2.0).abs() < 1e-3, "{total}");
}

#[test]
fn a_curve_in_the_plane_has_no_density_unless_there_is_noise() {
    let curve = Runtime { latent: 1, data: 2 };
    for (noise, level) in [(0.0, Level::Heuristic), (0.1, Level::Asymptotic)] {
        let generator = LinearGaussian::new(curve, &[1.0, 2.0], &[0.0, 0.0], noise);
        let found = entropy(&EntropyKnn::default(), &generator, curve, &latents(curve, 50), SharedTape::off());
        assert_eq!(found.unwrap().measurement.guarantee.level, level);
    }
}

#[test]
fn a_batch_without_enough_neighbours_is_refused_with_the_way_out() {
    let config = EntropyKnn { k: 8 };
    let error = entropy(&config, &planar(0.0), PLANE, &latents(PLANE, 8), SharedTape::off()).unwrap_err();
    assert!(error.to_string().contains("lower.k"), "{error}");
}
