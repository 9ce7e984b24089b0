//! The inverse densities of `mi`, and the weights that they make.

use bounds_mi::Estimator;
use ebm_core::models::closed_form::QuadraticEnergy;
use ebm_core::{prelude::*, registry::LowerBoundSpec};
use ebm_models::mlp::MlpGenerator;
use ebm_tests::differences::near;
use ebm_tests::options;

use super::{SMALL, build, config, oblique, with_posterior};

/// Estimators that know a density.
const KNOWING: [Estimator; 3] = [Estimator::BarberAgakov, Estimator::ImportanceWeighted, Estimator::MultiSample];

#[test]
fn an_encoder_that_is_the_posterior_has_the_density_itself() {
    let generator = oblique(0.3);
    let g = generator.geometry();
    let bound = with_posterior("full", 0.3);
    let latents = g.latents(Random::new(2).stream("z").normals(50 * g.latent));
    let view = GeneratorView::new(&generator, &latents, SharedTape::off(), Random::new(2), 1);
    let found = bound.log_inverse_densities(&view).unwrap().unwrap();
    let truth = generator.negative_log_densities(&detach(view.generated())).unwrap();
    assert_eq!(found.len(), truth.len());
    for (found, truth) in found.into_iter().zip(truth) {
        near("log 1/p", found, truth, if cfg!(feature = "f64") { 1e-9 } else { 1e-3 });
    }
}

#[test]
fn the_mean_weight_is_the_partition_function() {
    // So much noise that an encoder with a diagonal covariance has weights of small variance.
    let generator = oblique(1.5);
    let g = generator.geometry();
    let precision = [0.5, 0.1, 0.0, 0.1, 0.5, 0.0, 0.0, 0.0, 0.45];
    let energy = QuadraticEnergy::new(g, &precision, &[0.8, -1.2, 2.1]);
    let log_partition = energy.log_partition().unwrap();
    for estimator in KNOWING {
        let mut config = config(estimator, "hidden = []", "");
        // So few that the sample's own latent counts.
        config.samples = 8;
        config.encoder = options("hidden = [], covariance = 'diagonal'");
        let mut bound = config.build(g, Random::new(1)).unwrap();
        if estimator != Estimator::MultiSample {
            bound.load_state(&with_posterior("diagonal", 1.5).state()).unwrap();
        }
        // A batch has one bank, so that its samples have no independent weights.
        let mean_of_batch = |batch: u64| {
            let random = Random::new(7).at(batch);
            let latents = g.latents(random.stream("z").normals(20 * g.latent));
            let view = GeneratorView::new(&generator, &latents, SharedTape::off(), random, 1);
            let found = bound.log_inverse_densities(&view).unwrap().unwrap();
            let energies = values(&energy.forward(view.generated()));
            let weights = found.iter().zip(energies).map(|(h, e)| (h - f64::from(e) - log_partition).exp());
            weights.sum::<f64>() / 20.0
        };
        let found = Measurement::of((0..1000).map(mean_of_batch), Guarantee::heuristic("a mean"));
        assert!((found.value - 1.0).abs() < 4.0 * found.standard_error, "{estimator:?}: {found:?}");
        assert!(found.standard_error < 0.02, "the test can tell, {estimator:?}: {found:?}");
    }
}

#[test]
fn there_are_none_without_a_known_density() {
    let has_some = |generator: &dyn Generator<Runtime>, estimator: Estimator| {
        let latents = generator.geometry().latents(vec![0.5, -0.3, 0.1, 1.2]);
        let view = GeneratorView::new(generator, &latents, SharedTape::off(), Random::new(1), 1);
        build(&config(estimator, SMALL, ""), generator, 1).log_inverse_densities(&view).unwrap().is_some()
    };
    let g = Runtime { latent: 2, data: 3 };
    let network = |more: &str| MlpGenerator::new(g, &options(&format!("hidden = [5], {more}")), Random::new(4));
    for &estimator in Estimator::ALL {
        assert_eq!(has_some(&network("noise = 0.4"), estimator), KNOWING.contains(&estimator), "{estimator:?}");
        assert!(!has_some(&network(""), estimator), "{estimator:?}: no noise");
        assert!(!has_some(&network("noise = 0.4, batch_norm = true"), estimator), "{estimator:?}: coupled samples");
    }
}
