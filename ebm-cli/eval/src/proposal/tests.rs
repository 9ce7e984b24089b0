//! Weights that are known.

use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy, TriangularFlow};
use ebm_core::models::{Energy, Generator};
use ebm_core::{device::Real, random::Random};

use super::{ProposalError, log_weights, of_generator};
use crate::{diagnose::Mean, test_energy::FunctionEnergy};

/// The energy of N(m, C) in the plane, for a covariance by rows.
fn energy_of(generator: &LinearGaussian<Runtime>) -> QuadraticEnergy<Runtime> {
    let [a, b, c, d] = generator.covariance()[..] else { panic!("not in the plane") };
    let precision = [d, -b, -c, a].map(|value| value / (a * d - b * c));
    QuadraticEnergy::new(generator.geometry(), &precision, &generator.mean())
}

#[test]
fn weights_of_the_model_itself_are_all_its_log_partition() {
    // A square generator by its density, a tall one with its latents: the encoder is its posterior.
    let square = LinearGaussian::new(Runtime { latent: 2, data: 2 }, &[2.0, 0.0, 1.0, 1.0], &[0.5, -1.0], 0.0);
    let tall = LinearGaussian::new(Runtime { latent: 1, data: 2 }, &[2.0, 1.0], &[0.5, -1.0], 0.5);
    for generator in [square, tall] {
        let energy = energy_of(&generator);
        let truth = energy.log_partition().unwrap();
        let found = log_weights(&energy, &generator, 300, Random::new(1)).unwrap();
        assert_eq!(found.len(), 300);
        for weight in found {
            assert!((weight - truth).abs() < 2e-3, "{weight} {truth}");
        }
    }
}

#[test]
fn forces_are_the_gradients_of_the_energies() {
    let plane = Runtime { latent: 2, data: 2 };
    let energy = QuadraticEnergy::new(plane, &[2.0, 0.3, 0.3, 0.5], &[0.2, 0.1]);
    let flow = TriangularFlow::new(plane, &[0.0, 0.0, 0.8, 0.0], &[0.0, 0.0, -0.5, 0.0]);
    let noisy = LinearGaussian::new(plane, &[1.0, 0.4, 0.0, 0.7], &[0.0, 0.3], 0.6);
    let generators: [&dyn Generator<Runtime>; 2] = [&flow, &noisy];
    for generator in generators {
        let proposal = of_generator(&energy, generator, Random::new(2)).unwrap();
        let width = proposal.width();
        let y = Random::new(3).normals(width);
        let (_, forces) = proposal.energies_and_forces(&y);
        for axis in 0..width {
            let step: Real = 0.01;
            let at = |by: Real| {
                let mut moved = y.clone();
                moved[axis] += by;
                proposal.energies_and_forces(&moved).0[0]
            };
            let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
            assert!((slope - f64::from(forces[axis])).abs() < 2e-2, "{axis}: {slope} {}", forces[axis]);
        }
    }
}

#[test]
fn weights_of_another_model_have_its_partition_for_a_mean() {
    // A generator that covers the model well, by its density and with its noise: exp(-|x|^4 / 4) in the plane has the integral
    // pi^(3/2) = 5.568.
    let plane = Runtime { latent: 2, data: 2 };
    let energy = FunctionEnergy::new(2, |x| 0.25 * (x[0] * x[0] + x[1] * x[1]).powi(2));
    let truth = std::f64::consts::PI.powf(1.5);
    for noise in [0.0, 0.3] {
        let generator = LinearGaussian::new(plane, &[0.9, 0.2, -0.1, 0.9], &[0.1, 0.0], noise);
        let weights = log_weights(&energy, &generator, 4000, Random::new(1)).unwrap();
        let found = Mean::of(weights.into_iter().map(f64::exp));
        assert!((found.value - truth).abs() < 4.0 * found.standard_error, "{noise}: {found:?} {truth}");
    }
}

#[test]
fn a_generator_without_a_density_has_no_weights() {
    let line = Runtime { latent: 1, data: 2 };
    let energy = QuadraticEnergy::new(line, &[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0]);
    let thin = LinearGaussian::new(line, &[2.0, 1.0], &[0.0, 0.0], 0.0);
    let error = log_weights(&energy, &thin, 300, Random::new(1)).unwrap_err();
    assert_eq!(error, ProposalError::NoDensity { latent: 1, data: 2 });
    assert_eq!(energy.geometry().data_width(), 2);
}
