//! The gradient penalty with the score of a generator with noise, and weights that follow a schedule.

use bounds_diffusion::DiffusionConfig;
use bounds_gp::{GpConfig, Score, WganGpConfig, ZeroGpConfig};
use ebm_core::bounds::{EnergySituation, EnergyView, Estimate, Level};
use ebm_core::diffusion::Process;
use ebm_core::error::BoundError;
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::Energy;
use ebm_core::models::closed_form::{DiffusedGaussian, LinearGaussian, QuadraticEnergy};
use ebm_core::{random::Random, registry::UpperBoundSpec, tape::SharedTape, tensor::item};
use ebm_tests::{options, square};

const BATCH: usize = 1000;
const MEAN: [f64; 2] = [0.5, -1.0];

/// x = 2 z + (0.5, -1) + sigma n
fn generator(sigma: f64) -> LinearGaussian<Runtime> {
    LinearGaussian::new(square(2), &[2.0, 0.0, 0.0, 2.0], &MEAN, sigma)
}

fn estimate<C: UpperBoundSpec>(
    config: &C,
    sigma: f64,
    energy: &dyn Energy<Runtime>,
    step: u64,
) -> Result<Estimate, BoundError> {
    config.check().unwrap();
    let (g, random) = (square(2), Random::new(1));
    let draw = |stream: &str| random.stream(stream).normals(2 * BATCH);
    let (latents, data) = (g.latents(draw("z")), g.samples(draw("x")));
    let generator = generator(sigma);
    let situation = EnergySituation { energy, generator: &generator, latents: &latents, data: &data };
    let mut bound = config.build(g, random).unwrap();
    bound.divergence(&EnergyView::new(&situation, SharedTape::off(), random, step))
}

#[test]
fn at_the_model_of_its_density_a_noisy_generator_has_no_residual_where_one_that_ignores_the_noise_has() {
    // With sigma = 1 the samples have the covariance 5 I. The score that ignores the noise leaves
    // r = (2/5 - 1/2) z + n/5 in data space, E |r|^2 / 2 = 0.01 + 0.04, and 2 r in latent space.
    let energy = QuadraticEnergy::new(square(2), &[0.2, 0.0, 0.0, 0.2], &MEAN);
    for (form, ignoring) in [
        ("form = 'data', projections = 0", 0.05),
        ("projections = 0", 0.2),
        ("projections = 1", 0.2),
        ("projections = 3", 0.2),
    ] {
        let value = |score: &str| {
            let config: GpConfig = options(&format!("{form}, score = {score}, weight = 1.0"));
            estimate(&config, 1.0, &energy, 0).unwrap().measurement
        };
        let latent = value("'latent'");
        assert!((latent.value - ignoring).abs() < 4.0 * latent.standard_error, "{form}: {latent:?}");
        // Half the square of the bank's error is about 9/K in data space.
        let noisy = value("{ multi-sample = { samples = 4096 } }");
        assert!(noisy.value < 30.0 / 4096.0 * ignoring / 0.05, "{form}: {noisy:?}");
        assert_eq!(noisy.guarantee.level, Level::Heuristic);
        assert!(noisy.guarantee.reason.contains("finitely many latents"), "{}", noisy.guarantee.reason);
    }
}

#[test]
fn the_score_of_a_noisy_generator_is_refused_without_noise_and_in_the_certified_form() {
    let energy = QuadraticEnergy::new(square(2), &[1.0, 0.0, 0.0, 1.0], &MEAN);
    let config: GpConfig = options("score = 'multi-sample'");
    let error = estimate(&config, 0.0, &energy, 0).unwrap_err().to_string();
    assert!(error.contains("generator.noise above 0") && error.contains("\"latent\""), "{error}");
    let config: GpConfig = options("score = 'multi-sample', form = 'log-sobolev'");
    assert_eq!(config.check().unwrap_err().key, "score");
}

#[test]
fn a_score_is_read_by_its_name_or_with_its_number_of_latents() {
    let score = |text: &str| options::<GpConfig>(text).score;
    assert_eq!(score(""), Score::Latent);
    assert_eq!(score("score = 'latent'"), Score::Latent);
    assert_eq!(score("score = 'multi-sample'"), Score::MultiSample { samples: 1024 });
    let config: GpConfig = options("score = { multi-sample = { samples = 7 } }");
    assert_eq!(config.score, Score::MultiSample { samples: 7 });
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<GpConfig>(&written).unwrap(), config);
    for wrong in ["score = 'multi'", "score.multi-sample.sample = 7", "score.multi = 7", "score = 3"] {
        let error = toml::from_str::<GpConfig>(wrong).unwrap_err().to_string();
        assert!(error.contains("sample"), "{wrong}: {error}");
    }
}

/// The trained value with a weight, by a step.
fn trained<C: UpperBoundSpec>(weight: &str, step: u64) -> f64 {
    let config: C = options(&format!("weight = {weight}"));
    let energy = DiffusedGaussian::new(square(2), Process::default(), &[1.0, 0.0, 0.0, 2.0], &[0.0; 2]).unwrap();
    item(&estimate(&config, 0.5, &energy, step).unwrap().value)
}

fn follows_its_schedule<C: UpperBoundSpec>() {
    for (step, weight) in [(0, 0.5), (10, 0.5), (15, 0.3), (20, 0.1), (1000, 0.1)] {
        let scheduled = trained::<C>("{ from = 0.5, to = 0.1, over = 10, after = 10 }", step);
        let plain = trained::<C>("1.0", step);
        assert!(plain > 0.0 && (scheduled / plain - weight).abs() < 1e-4, "{step}: {scheduled} of {plain}");
    }
}

#[test]
fn the_weight_of_every_penalty_may_follow_a_schedule() {
    follows_its_schedule::<GpConfig>();
    follows_its_schedule::<ZeroGpConfig>();
    follows_its_schedule::<WganGpConfig>();
    follows_its_schedule::<DiffusionConfig>();
}

#[test]
fn the_decay_multiplies_the_scheduled_weight() {
    let energy = QuadraticEnergy::new(square(2), &[1.0, 0.0, 0.0, 1.0], &MEAN);
    let config: GpConfig =
        options("weight = { steps = [[0, 0.5], [10, 0.1]] }, decay = { exponential = { half_life = 5.0 } }");
    for (step, expected) in [(0, 0.5), (5, 0.25), (10, 0.025)] {
        let measured = estimate(&config, 0.5, &energy, step).unwrap().measurement;
        let (_, weight) = measured.diagnostics.iter().find(|(name, _)| name == "weight").unwrap();
        assert!((weight - expected).abs() < 1e-12, "{step}: {weight}");
    }
}

#[test]
fn a_weight_that_stays_is_written_as_a_plain_number() {
    for (written, weight) in [
        (toml::to_string(&GpConfig::default()).unwrap(), "weight = 0.001\n"),
        (toml::to_string(&ZeroGpConfig::default()).unwrap(), "weight = 0.1\n"),
        (toml::to_string(&WganGpConfig::default()).unwrap(), "weight = 10.0\n"),
        (toml::to_string(&DiffusionConfig::default()).unwrap(), "weight = 1.0\n"),
    ] {
        assert!(written.contains(weight), "{written}");
    }
}
