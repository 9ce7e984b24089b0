//! Brackets of models in more than two dimensions, whose log Z is known.

use ebm_core::bounds::Level;
use ebm_core::data::{Dataset, Standardization};
use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
use ebm_core::models::{Energy, Generator};
use ebm_core::{device::Real, geometry::Runtime, random::Random};
use ebm_train::StepReport;

use super::{EvaluateConfig, Report, Subject, evaluate};
use crate::config::{AnnealingConfig, Start, WellsConfig};
use crate::test_energy::FunctionEnergy;

const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// N(0, I) in so many dimensions, standardised by deviations of 2.
struct Normal(usize);

impl Dataset for Normal {
    fn width(&self) -> usize {
        self.0
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        random.normals(n * self.0)
    }
    fn standardization(&self) -> Option<Standardization> {
        Some(Standardization { mean: vec![0.0; self.0], deviation: vec![2.0; self.0] })
    }
}

fn diagonal(width: usize, value: f64) -> Vec<f64> {
    (0..width * width).map(|i| if i % (width + 1) == 0 { value } else { 0.0 }).collect()
}

/// N(0, deviation^2 I) as a generator without noise, and as an energy.
fn gaussian(width: usize, deviation: f64) -> (LinearGaussian<Runtime>, QuadraticEnergy<Runtime>) {
    let geometry = Runtime { latent: width, data: width };
    let centre = vec![0.0; width];
    let generator = LinearGaussian::new(geometry, &diagonal(width, deviation), &centre, 0.0);
    (generator, QuadraticEnergy::new(geometry, &diagonal(width, deviation.powi(-2)), &centre))
}

fn report(
    energy: &dyn Energy<Runtime>,
    generator: &dyn Generator<Runtime>,
    width: usize,
    config: &EvaluateConfig,
) -> Report {
    let (data, bounds) = (Normal(width), StepReport::default());
    let subject = Subject { energy, generator: Some(generator), data: &data, bounds: &bounds };
    evaluate(&subject, config, Random::new(1))
}

fn value(report: &Report, name: &str) -> f64 {
    report.get(name).unwrap_or_else(|| panic!("{name} is missing: {report}")).value
}

#[test]
fn the_generators_weights_bracket_log_z_and_a_gaussian_stands_beside() {
    let (generator, energy) = gaussian(3, 1.0);
    let found = report(&energy, &generator, 3, &EvaluateConfig::quick());
    for (name, level) in [("weights_log_z", Level::Certified), ("cubo_log_z", Level::Asymptotic)] {
        assert!((value(&found, name) - 1.5 * LN_TAU).abs() < 1e-3, "{found}");
        assert_eq!(found.get(name).unwrap().guarantee.as_ref().unwrap().level, level);
    }
    assert!((value(&found, "effective_share") - 1.0).abs() < 1e-3);
    // The entropy of the data is 3/2 log(2 pi e); a Gaussian has it but for its fit.
    for name in ["weights_nll", "cubo_nll", "gaussian_nll"] {
        let metric = found.get(name).unwrap();
        let off = (metric.value - 1.5 * (LN_TAU + 1.0)).abs();
        assert!(off < 4.0 * metric.standard_error.unwrap() + 1e-3, "{found}");
        let shift = value(&found, &format!("{name}_in_source_units")) - metric.value;
        assert!((shift - 3.0 * 2f64.ln()).abs() < 1e-9, "{found}");
    }
    assert_eq!(found.warnings, Vec::<String>::new());
}

#[test]
fn too_few_effective_weights_have_no_upper_bound_and_no_density_has_no_weights() {
    // Five standard deviations away: log w has a standard deviation of 5, and few of 4,096 weights carry the mean.
    let (_, energy) = gaussian(8, 1.0);
    let centre = [5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let elsewhere = LinearGaussian::new(Runtime { latent: 8, data: 8 }, &diagonal(8, 1.0), &centre, 0.0);
    let found = report(&energy, &elsewhere, 8, &EvaluateConfig::quick());
    assert!(value(&found, "weights_log_z") < 4.0 * LN_TAU, "{found}");
    assert!(found.get("cubo_log_z").is_none() && found.get("cubo_nll").is_none(), "{found}");
    let reason = |found: &Report, name: &str| found.absent.iter().find(|a| a.name == name).unwrap().reason.clone();
    assert!(reason(&found, "cubo_nll").contains("of which 1 % and 10 are needed"), "{found}");

    let thin = LinearGaussian::new(Runtime { latent: 1, data: 3 }, &[1.0; 3], &[0.0; 3], 0.0);
    let (_, energy) = gaussian(3, 1.0);
    let found = report(&energy, &thin, 3, &EvaluateConfig::quick());
    assert!(reason(&found, "weights_nll").contains("no density"), "{found}");
}

#[test]
fn a_well_without_data_makes_a_tight_and_wrong_bracket_and_is_warned_of() {
    // Half of the mass at the data, half eight standard deviations away: log Z = 3/2 log(2 pi).
    let energy = FunctionEnergy::new(3, |x| {
        let square = |c: f64| (x[0] - c).powi(2) + x[1] * x[1] + x[2] * x[2];
        -(0.5 * (-0.5 * square(0.0)).exp() + 0.5 * (-0.5 * square(8.0)).exp()).max(1e-280).ln()
    });
    let (generator, good) = gaussian(3, 1.0);
    let config = EvaluateConfig { wells: WellsConfig::default(), ..EvaluateConfig::quick() };
    let found = report(&energy, &generator, 3, &config);
    let (lower, upper) = (value(&found, "weights_log_z"), value(&found, "cubo_log_z"));
    assert!((lower - upper).abs() < 0.01 && upper < 1.5 * LN_TAU - 0.6, "{found}");
    let mass = value(&found, "distant_mass");
    assert!((0.25..0.75).contains(&mass), "{found}");
    let warned =
        |found: &Report| found.warnings.iter().any(|warning| warning.contains("the energy has a well of energy"));
    assert!(warned(&found), "{found}");

    let found = report(&good, &generator, 3, &config);
    assert!(!warned(&found) && value(&found, "distant_mass") < 0.01, "{found}");
    // Not during training.
    assert!(report(&energy, &generator, 3, &EvaluateConfig::quick()).get("distant_mass").is_none());
}

#[test]
fn a_model_that_is_worse_than_a_gaussian_is_told_so_by_its_likelihood_or_a_lower_bound_of_it() {
    for (width, by) in [(2, "exact NLL"), (3, "lower bound of the NLL, generator's weights")] {
        // KL(N(0, I) || N(0, 4 I)) = D (log 2 + 1/8 - 1/2).
        let (generator, energy) = gaussian(width, 2.0);
        let found = report(&energy, &generator, width, &EvaluateConfig::quick());
        let warning = found.warnings.iter().find(|warning| warning.contains("worse than a Gaussian"));
        assert!(warning.is_some_and(|warning| warning.contains(by)), "{found}");
    }
}

#[test]
fn chains_may_start_at_the_generator_and_the_samplers_likelihood_is_bounded_on_request() {
    let (generator, energy) = gaussian(3, 1.0);
    let annealing = AnnealingConfig {
        chains: 50,
        temperatures: 20,
        burn_in: 5,
        start: Start::Generator,
        sampler: true,
        ..Default::default()
    };
    let found = report(&energy, &generator, 3, &EvaluateConfig { annealing, ..EvaluateConfig::quick() });
    for name in ["ais_log_z", "reverse_ais_log_z"] {
        assert!((value(&found, name) - 1.5 * LN_TAU).abs() < 1e-3, "{found}");
        assert!(found.get(name).unwrap().protocol.contains("from the generator"), "{found}");
    }
    let sampler = found.get("sampler_nll").unwrap();
    assert_eq!((sampler.samples, sampler.guarantee.as_ref().unwrap().level), (50, Level::Certified));
    let off = sampler.value - 1.5 * (LN_TAU + 1.0);
    assert!(off.abs() < 4.0 * sampler.standard_error.unwrap() + 0.2, "{found}");
}
