use super::super::energies;
use super::*;
use crate::test_energy::FunctionEnergy;
use ebm_core::device::Real;
use ebm_core::geometry::{Fixed, Runtime};
use ebm_core::{bounds::Level, models::closed_form::QuadraticEnergy, random::Random};
use rand::RngExt;
use std::f64::consts::PI;

/// Rounding of energies to `Real` limits what can be asked for.
const EXACT: f64 = 2e-6;

fn gaussian(width: usize, precision: f64, mean: f64) -> FunctionEnergy<impl Fn(&[f64]) -> f64 + Send + Sync> {
    FunctionEnergy::new(width, move |x| x.iter().map(|v| 0.5 * precision * (v - mean).powi(2)).sum())
}

/// Minus the log density of the 25-Gaussians mixture, plus a constant.
fn mixture(constant: f64) -> FunctionEnergy<impl Fn(&[f64]) -> f64 + Send + Sync> {
    let (spacing, deviation) = (2.0 / 2.828, 0.05 / 2.828);
    FunctionEnergy::new(2, move |x| {
        let squares = (0..25).map(|i| {
            let centre = [(i % 5) as f64 - 2.0, (i / 5) as f64 - 2.0].map(|c| c * spacing);
            (0..2).map(|axis| ((x[axis] - centre[axis]) / deviation).powi(2)).sum::<f64>()
        });
        let log_density = log_total(squares.map(|s| -0.5 * s)) - (25.0 * 2.0 * PI * deviation * deviation).ln();
        constant - log_density
    })
}

/// log Z from a cube around the origin as the data's box.
fn integrate(energy: &dyn Energy<Runtime>, half_side: f64, config: &QuadratureConfig) -> LogPartition {
    log_partition(energy, &Region::cube(half_side, energy.geometry().data), config).unwrap()
}

#[test]
fn gaussians_have_their_closed_form_in_one_and_two_dimensions() {
    for (width, precision, mean) in [(1, 4.0, 0.5), (1, 0.01, 0.0), (2, 2.5, -0.25), (2, 400.0, 0.3)] {
        let found = integrate(&gaussian(width, precision, mean), 2.0, &QuadratureConfig::default());
        let exact = 0.5 * width as f64 * (2.0 * PI / precision).ln();
        assert!((found.log_z - exact).abs() < EXACT, "{width} {precision}: {found:?}, exact {exact}");
        assert!(found.converged, "{found:?}");
    }
    let energy = QuadraticEnergy::new(Fixed::<2, 2>, &[3.0, -1.2, -1.2, 0.8], &[0.4, -0.7]);
    let found = log_partition(&energy, &Region::cube(2.0, 2), &QuadratureConfig::default()).unwrap();
    // log(2 pi) - 1/2 log(3 * 0.8 - 1.2^2)
    let exact = (2.0 * PI).ln() - 0.5 * 0.96f64.ln();
    assert!((found.log_z - exact).abs() < EXACT, "{found:?}, exact {exact}");
    assert!((exact - energy.log_partition().unwrap()).abs() < 1e-6);
}

#[test]
fn large_energies_are_integrated_as_far_as_their_rounding_allows() {
    // In single precision energies around 3e4 are multiples of 0.002, so that a millionth of a nat is out of reach.
    let constant = 3e4;
    let config = QuadratureConfig::default();
    let found = integrate(&mixture(constant), 1.6, &config);
    assert!((found.log_z + constant).abs() < found.error, "{found:?}");
    assert!(found.converged && found.evaluations < 1_000_000, "{found:?}");
    let unit = constant * f64::from(Real::EPSILON);
    assert!(found.error >= unit && found.error < 10.0 * unit.max(config.tolerance), "{found:?}");
    // The same with energies of a few nats is known far better.
    let near = integrate(&mixture(3.0), 1.6, &config);
    assert!(near.converged && near.error < 1e-5 && (near.log_z + 3.0).abs() < near.error, "{near:?}");
}

#[test]
fn kinks_are_refined_for_their_own_sake_and_walls_are_no_mass_and_no_error() {
    // A cone in the plane: Z = 2 pi / 25.
    let cone = FunctionEnergy::new(2, |x| 5.0 * x[0].hypot(x[1]));
    let found = integrate(&cone, 2.0, &QuadratureConfig::quick());
    assert!(found.converged && (found.log_z - (2.0 * PI / 25.0).ln()).abs() < found.error, "{found:?}");
    // Uniform on a disc of radius 1: a jump, so convergence is slow, but the value is log pi.
    let disc = FunctionEnergy::new(2, |x| if x[0].hypot(x[1]) < 1.0 { 0.0 } else { f64::INFINITY });
    let found = integrate(&disc, 1.5, &QuadratureConfig::quick());
    assert!((found.log_z - PI.ln()).abs() < 2e-3, "{found:?}");
}

#[test]
fn the_share_outside_the_data_box_is_that_of_the_normal_distribution() {
    let found = integrate(&gaussian(1, 1.0, 0.0), 1.0, &QuadratureConfig::quick());
    // P(|x| > 1) = erfc(1 / sqrt 2), Abramowitz and Stegun table 26.1: 1 - 2 * 0.3413447461.
    assert!((found.outside - 0.317_310_507_9).abs() < 1e-4, "{found:?}");
}

#[test]
fn sharp_modes_are_resolved_and_cheap_where_the_box_is_tight() {
    for (config, tolerance, budget) in
        [(QuadratureConfig::default(), 1e-5, 1_000_000), (QuadratureConfig::quick(), 1e-3, 100_000)]
    {
        let found = integrate(&mixture(3.7), 1.6, &config);
        assert!((found.log_z + 3.7).abs() < tolerance, "{found:?}");
        assert!(found.converged && found.outside < 1e-9 && found.evaluations < budget, "{found:?}");
    }
    // Refinement finds modes that the first grid steps over: a cell on [-4, 4]^2 is 0.0625 wide, the modes 0.0177.
    let found = integrate(&mixture(0.0), 4.0, &QuadratureConfig::quick());
    assert!(found.log_z.abs() < 1e-3, "{found:?}");
    assert!(found.cells_per_axis > 128, "{found:?}");
}

#[test]
fn an_energy_that_leaks_far_is_followed_and_the_leak_reported() {
    // A sharp mode of mass 2 pi / 2500 and a broad one of mass 2 pi * 100 * share.
    let (narrow, broad) = (2.0 * PI / 2500.0, 2.0 * PI * 100.0 * 1e-6);
    let energy = FunctionEnergy::new(2, |x| {
        let square = x[0] * x[0] + x[1] * x[1];
        -log_total([-1250.0 * square, 1e-6f64.ln() - 0.005 * square])
    });
    let found = integrate(&energy, 1.0, &QuadratureConfig::default());
    assert!((found.log_z - (narrow + broad).ln()).abs() < 1e-5, "{found:?}");
    // Nearly all of the broad mode is outside [-1, 1]^2: 1 - (2 * 0.0398278)^2, normal table at 0.1.
    let outside = broad * (1.0 - 0.079_655_7f64.powi(2)) / (narrow + broad);
    assert!((found.outside - outside).abs() < 1e-5, "{found:?}, {outside}");
    assert!(found.region.high[0] > 30.0);
}

#[test]
fn heavy_tails_that_have_an_integral_get_an_error_that_says_how_much_may_be_missing() {
    // Student's t with 3 degrees of freedom: E = 2 log(1 + x^2 / 3), Z = sqrt(3 pi) Gamma(3/2) / Gamma(2).
    let energy = FunctionEnergy::new(1, |x| 2.0 * (1.0 + x[0] * x[0] / 3.0).ln());
    let config = QuadratureConfig::default();
    let found = integrate(&energy, 3.0, &config);
    let exact = ((3.0 * PI).sqrt() * PI.sqrt() / 2.0).ln();
    assert!((found.log_z - exact).abs() < found.error.max(EXACT), "{found:?}, exact {exact}");
}

#[test]
fn energies_without_a_finite_integral_are_reported_as_such() {
    let constant = FunctionEnergy::new(2, |_| 0.0);
    let growing = FunctionEnergy::new(2, |x| 0.5 * x[1] * x[1] - 0.001 * x[0]);
    let logarithmic = FunctionEnergy::new(1, |x| (1.0 + x[0].abs()).ln());
    let config = QuadratureConfig { start: 32, ..QuadratureConfig::quick() };
    for (energy, width) in [(&constant as &dyn Energy<Runtime>, 2), (&growing, 2), (&logarithmic, 1)] {
        match log_partition(energy, &Region::cube(2.0, width), &config) {
            Err(QuadratureError::NotNormalisable { region, .. }) => assert_eq!(region.high[0], 2.0 * 4096.0),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_spent_budget_gives_the_value_with_its_error_and_without_the_claim() {
    let config = QuadratureConfig { start: 16, max_evaluations: 3000, min_doublings: 1, ..QuadratureConfig::default() };
    let found = integrate(&mixture(0.0), 2.0, &config);
    assert!(!found.converged);
    assert!(found.error > 1e-3, "{found:?}");
    assert!(found.evaluations <= 3000);
}

#[test]
fn values_that_are_not_energies_are_named_with_their_place() {
    let holed = FunctionEnergy::new(1, |x| if x[0] > 1.5 { f64::NAN } else { x[0] * x[0] });
    match log_partition(&holed, &Region::cube(2.0, 1), &QuadratureConfig::quick()) {
        Err(QuadratureError::NonFinite { point, value }) => assert!(value.is_nan() && point[0] > 1.5),
        other => panic!("{other:?}"),
    }
    let walls = FunctionEnergy::new(1, |_| f64::INFINITY);
    let found = log_partition(&walls, &Region::cube(2.0, 1), &QuadratureConfig::quick());
    assert!(matches!(found, Err(QuadratureError::NoMass(_))), "{found:?}");
    let solid = FunctionEnergy::new(3, |_| 0.0);
    let found = log_partition(&solid, &Region::cube(2.0, 3), &QuadratureConfig::quick());
    assert_eq!(found, Err(QuadratureError::Dimensions(3)));
}

#[test]
fn boxes_that_cannot_be_integrated_over_are_refused() {
    let region = Region::cube(1.0, 2);
    assert_eq!(check_region(&region, 2), Ok(()));
    for bad in [Region::cube(0.0, 2), Region::cube(f64::NAN, 2), Region::cube(1.0, 1)] {
        assert!(matches!(check_region(&bad, 2), Err(QuadratureError::Region { width: 2, .. })), "{bad:?}");
    }
}

#[test]
fn the_true_energy_of_gaussian_samples_reaches_their_entropy() {
    let energy = FunctionEnergy::new(2, |x| 0.5 * (x[0] * x[0] + x[1] * x[1]));
    let partition = log_partition(&energy, &Region::cube(4.0, 2), &QuadratureConfig::default()).unwrap();
    let values = |points: &[Real]| energies(&energy, points).into_iter().map(f64::from).collect::<Vec<_>>();
    let nll = exact_nll(&values(&Random::new(11).normals(40_000)), 0.0, &partition);
    // Entropy of a standard normal in the plane: 1 + log(2 pi) = 2.8378770664.
    let entropy = 2.837_877_066_4;
    assert!((nll.value - entropy).abs() < 4.0 * nll.standard_error, "{nll:?}");
    // The negative log density has variance D / 2 = 1, and there are 20,000 samples.
    assert!((nll.standard_error * 20_000f64.sqrt() - 1.0).abs() < 0.05, "{nll:?}");
    // Energies at points prove nothing.
    assert_eq!((nll.samples, nll.guarantee.level), (20_000, Level::Asymptotic));
}

#[test]
fn the_claim_says_what_was_not_seen_and_only_a_proof_certifies() {
    let energy = FunctionEnergy::new(1, |x| x[0].abs());
    let mut partition = log_partition(&energy, &Region::cube(4.0, 1), &QuadratureConfig::quick()).unwrap();
    let claim = exact_nll(&[0.0, 1.0], 0.0, &partition).guarantee;
    assert!(claim.level == Level::Asymptotic && claim.reason.contains("a well between the points"), "{claim:?}");
    partition.converged = false;
    let nll = exact_nll(&[0.0, 1.0], 0.0, &partition);
    assert!(nll.guarantee.level == Level::Asymptotic && nll.guarantee.reason.contains("did not converge"));
    assert!((nll.value - (0.5 + 2.0f64.ln())).abs() < 1e-3, "{nll:?}");
    // log Z of the grid is ln 2 = 0.693: within the one proof, and below the other, of which it is the nearest that is possible.
    for (low, high, log_z, error) in [(0.5, 0.7, 2f64.ln(), 2f64.ln() - 0.5), (0.8, 1.0, 0.8, 0.2)] {
        partition.proof = Some(EnclosedPartition { low, high, boxes: 9, region: Region::cube(8.0, 1) });
        let nll = exact_nll(&[0.0, 1.0], 1e-3, &partition);
        assert!(nll.guarantee.level == Level::Certified && (nll.value - 0.5 - log_z).abs() < 1e-3, "{nll:?}");
        let stated = nll.diagnostics.iter().find(|(name, _)| name == "quadrature_error").unwrap().1;
        assert!((stated - error - 1e-3).abs() < 1e-3, "{stated}");
    }
}

#[test]
fn an_energy_that_is_not_known_to_be_normalisable_has_no_partition_function() {
    let energy = FunctionEnergy { normalisable: false, ..FunctionEnergy::new(1, |x| x[0].abs()) };
    let found = log_partition(&energy, &Region::cube(4.0, 1), &QuadratureConfig::quick());
    assert_eq!(found, Err(QuadratureError::Unconfined));
}

#[test]
fn mass_that_the_last_refinement_has_found_counts_for_all_that_it_is() {
    // A well of depth 60 that only the centres of the first cells meet.
    let narrow = |x: f64| -60.0 * (-0.5 * ((x - 0.5 / 64.0) / 2e-4).powi(2)).exp();
    let energy = FunctionEnergy::new(1, move |x| 0.5 * x[0] * x[0] + narrow(x[0]));
    let config = QuadratureConfig { start: 8, max_evaluations: 2000, min_doublings: 1, ..QuadratureConfig::quick() };
    let found = log_partition(&energy, &Region::cube(1.0, 1), &config).unwrap();
    // The one node that meets it says nothing of its mass.
    assert!(!found.converged && found.error.is_infinite(), "{found:?}");
}

/// A mixture of normal distributions, up to a constant: `-log sum_k w_k N(x; m_k, s_k^2) + c`, so that log Z = -c.
fn mixture_of(parts: Vec<(f64, Vec<f64>, f64)>, constant: f64) -> impl Energy<Runtime> {
    let total: f64 = parts.iter().map(|(weight, ..)| weight).sum();
    FunctionEnergy::new(parts[0].1.len(), move |x| {
        let logs = parts.iter().map(|(weight, mean, deviation)| {
            let square: f64 = x.iter().zip(mean).map(|(x, m)| ((x - m) / deviation).powi(2)).sum();
            (weight / total).ln() - x.len() as f64 * (0.5 * (2.0 * PI).ln() + deviation.ln()) - 0.5 * square
        });
        constant - log_total(logs)
    })
}

/// Random mixtures of one to five wells in a box, of widths from half the distance of the first nodes to the box's half side,
/// all weights down to e^-12, and a broad tail of up to a hundred sides, of a weight down to e^-20.
fn covered(width: usize, cases: u64, config: &QuadratureConfig) {
    let cells = if width == 1 { 16 * config.start } else { config.start };
    for seed in 0..cases {
        let mut draws = Random::new(seed).stream("wells").whole().rng();
        let mut uniform = |low: f64, high: f64| low + (high - low) * draws.random::<f64>();
        let half = uniform(0.0, 3.0).exp();
        let finest = half / cells as f64;
        let wells = uniform(1.0, 5.99) as usize;
        let mut parts: Vec<_> = (0..wells)
            .map(|_| {
                let deviation = finest * uniform(0.0, (half / finest).ln()).exp();
                let mean = (0..width).map(|_| uniform(-0.8, 0.8) * half).collect();
                (uniform(-12.0, 0.0).exp(), mean, deviation)
            })
            .collect();
        parts.push((uniform(-20.0, 0.0).exp(), vec![0.0; width], half * uniform(0.0, 100f64.ln()).exp()));
        let constant = uniform(-50.0, 50.0);
        let found = log_partition(&mixture_of(parts.clone(), constant), &Region::cube(half, width), config);
        match found {
            Ok(found) => {
                let off = (found.log_z + constant).abs();
                assert!(off <= found.error, "seed {seed}: off by {off}, {found:?}, {parts:?}");
            }
            Err(error) => panic!("seed {seed}: {error}, {parts:?}"),
        }
    }
}

#[test]
fn the_stated_error_covers_the_truth_of_a_thousand_random_energies() {
    covered(1, 800, &QuadratureConfig::default());
    covered(2, 200, &QuadratureConfig::quick());
}
