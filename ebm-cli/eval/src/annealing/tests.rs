//! The bracket against log Z that is known.

use crate::quadrature::{QuadratureConfig, log_partition};
use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::models::{Energy, closed_form::QuadraticEnergy};
use ebm_core::registry::DatasetSpec;
use ebm_core::{device::Real, random::Random};
use ebm_train::{Cancel, Cancelled, grid::Region};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Annealed, AnnealingConfig, AnnealingError, Base, Bracket, GaussianStart, LogMean, path::Annealing};
use crate::{diagnose::Mean, proposal::Proposal, test_energy::FunctionEnergy};
use ebm_data::TwentyFiveGaussians;

fn config(chains: usize, temperatures: usize) -> AnnealingConfig {
    AnnealingConfig { chains, temperatures, burn_in: 50, ..Default::default() }
}

/// A Gaussian model in `width` dimensions with axes of lengths 1/2 to 2, away from the origin, and exact samples of it.
fn gaussian(width: usize, samples: usize) -> (QuadraticEnergy<Runtime>, Vec<Real>) {
    // x = m + M y with M lower bidiagonal: A = (M M')^-1 = N' N with N = M^-1.
    let scale = |i: usize| 0.5 * 4f64.powf(i as f64 / width.max(2) as f64);
    let mean: Vec<f64> = (0..width).map(|i| 1.0 - 0.5 * i as f64).collect();
    let mut inverse = vec![0.0; width * width];
    for column in 0..width {
        // M y = e_column by forward substitution; below the diagonal M has 0.3.
        for i in column..width {
            let above = if i > column { 0.3 * inverse[(i - 1) * width + column] } else { 0.0 };
            let unit = if i == column { 1.0 } else { 0.0 };
            inverse[i * width + column] = (unit - above) / scale(i);
        }
    }
    let entry = |i: usize, j: usize| (0..width).map(|k| inverse[k * width + i] * inverse[k * width + j]).sum();
    let precision: Vec<f64> = (0..width * width).map(|i| entry(i / width, i % width)).collect();
    let geometry = Runtime { latent: 1, data: width };
    let draws = Random::new(99).stream("exact").normals(width * samples);
    let sample = |y: &[Real]| -> Vec<Real> {
        let from_above = |i: usize| if i > 0 { 0.3 * f64::from(y[i - 1]) } else { 0.0 };
        (0..width).map(|i| (mean[i] + scale(i) * f64::from(y[i]) + from_above(i)) as Real).collect()
    };
    let exact = draws.chunks(width).flat_map(sample).collect();
    (QuadraticEnergy::new(geometry, &precision, &mean), exact)
}

fn annealing<'a>(start: &'a dyn Proposal, config: &'a AnnealingConfig, seed: u64) -> Annealing<'a> {
    static NEVER: LazyLock<Cancel> = LazyLock::new(Cancel::default);
    Annealing::new(start, config, Random::new(seed), &NEVER).unwrap()
}

/// A base that does not fit: the exact samples, stretched and moved.
fn poor_base(samples: &[Real], width: usize) -> Base {
    let samples: Vec<Real> = samples.iter().map(|x| 1.5 * x + 0.7).collect();
    Base::fit(&samples, width).unwrap()
}

fn within(found: &Annealed, truth: f64, standard_errors: f64) {
    let off = (found.log_z - truth).abs();
    assert!(off < standard_errors * found.standard_error, "{} {truth} {}", found.log_z, found.standard_error);
}

#[test]
fn gaussians_of_up_to_eight_dimensions_are_bracketed_closely() {
    for width in [1, 2, 5, 8] {
        let (energy, exact) = gaussian(width, 300);
        let truth = energy.log_partition().unwrap();
        let base = poor_base(&exact, width);
        let config = config(300, 120);
        let start = GaussianStart { energy: &energy, base: &base };
        let annealing = annealing(&start, &config, 1);
        let forward = annealing.forward(Random::new(2)).unwrap();
        let backward = annealing.backward(base.to_base(&exact), Random::new(3)).unwrap();
        for found in [&forward, &backward] {
            assert!(found.standard_error < 0.06 && found.effective > 100.0, "{width}: {found:?}");
            assert!((0.4..0.95).contains(&found.acceptance), "{width}: {}", found.acceptance);
            // A bias of half the squared relative spread over n is far below the standard error.
            within(found, truth, 4.0);
        }
        // From its own samples the way back ends in the same place.
        let own = annealing.backward(annealing.samples(&forward, Random::new(4)).unwrap(), Random::new(5)).unwrap();
        within(&own, truth, 4.0);
    }
}

#[test]
fn too_few_temperatures_err_to_the_side_that_is_claimed() {
    let (energy, exact) = gaussian(4, 40 * 6);
    let truth = energy.log_partition().unwrap();
    let base = poor_base(&exact, 4);
    let config = config(6, 4);
    let start = GaussianStart { energy: &energy, base: &base };
    let annealing = annealing(&start, &config, 1);
    let lower = Mean::of((0..40).map(|run| annealing.forward(Random::new(10 + run)).unwrap().log_z));
    assert!(lower.value + 4.0 * lower.standard_error < truth, "{lower:?} is not clearly below {truth}");
    let samples = base.to_base(&exact);
    let part = |run: u64| samples[run as usize * 24..(run as usize + 1) * 24].to_vec();
    let upper = Mean::of((0..40).map(|run| annealing.backward(part(run), Random::new(60 + run)).unwrap().log_z));
    assert!(upper.value - 4.0 * upper.standard_error > truth, "{upper:?} is not clearly above {truth}");
}

#[test]
fn the_25_gaussians_are_bracketed_around_the_value_of_the_quadrature() {
    let data = TwentyFiveGaussians::default().load(".".as_ref(), Random::new(0)).unwrap();
    // Minus the log density.
    let modes = data.modes().unwrap();
    let variance = modes.standard_deviation.powi(2);
    let energy = FunctionEnergy::new(2, move |x| {
        let square = |centre: &Vec<f64>| x.iter().zip(centre).map(|(x, c)| (x - c).powi(2)).sum::<f64>();
        let exponents: Vec<f64> = modes.centres.iter().map(|centre| -0.5 * square(centre) / variance).collect();
        (std::f64::consts::TAU * variance).ln() - LogMean::of(&exponents).value
    });
    let seen = data.draw(2000, Random::new(1));
    let quadrature = log_partition(&energy, &Region::around(&seen, 2, 0.1), &QuadratureConfig::quick()).unwrap();
    // Normalised by construction.
    assert!(quadrature.log_z.abs() < 2e-3, "{}", quadrature.log_z);
    let base = Base::fit(&seen, 2).unwrap();
    let config = config(300, 400);
    let start = GaussianStart { energy: &energy, base: &base };
    let annealing = annealing(&start, &config, 1);
    let forward = annealing.forward(Random::new(2)).unwrap();
    let exact = base.to_base(&data.draw(300, Random::new(3)));
    let backward = annealing.backward(exact, Random::new(4)).unwrap();
    for found in [forward, backward] {
        assert!(found.standard_error < 0.15, "{found:?}");
        within(&found, quadrature.log_z, 4.0);
    }
}

#[test]
fn runs_are_functions_of_the_seed() {
    let (energy, exact) = gaussian(2, 50);
    let base = Base::fit(&exact, 2).unwrap();
    let config = config(20, 10);
    let run = |seed| {
        let start = GaussianStart { energy: &energy, base: &base };
        let annealing = annealing(&start, &config, seed);
        annealing.forward(Random::new(seed)).unwrap().log_z
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn an_energy_that_is_nowhere_finite_is_an_error() {
    let geometry = Runtime { latent: 1, data: 1 };
    let energy = QuadraticEnergy::new(geometry, &[f64::NAN], &[0.0]);
    assert_eq!(energy.geometry().data_width(), 1);
    let base = Base::fit(&[0.0, 1.0], 1).unwrap();
    let config = config(4, 3);
    let start = GaussianStart { energy: &energy, base: &base };
    let annealing = annealing(&start, &config, 1);
    let error = annealing.forward(Random::new(1)).unwrap_err().to_string();
    assert!(error.contains("all 4 chains have weight zero"), "{error}");
}

#[test]
fn one_that_is_cancelled_on_the_way_goes_no_farther() {
    let (seen, cancel) = (AtomicUsize::new(0), Cancel::default());
    let energy = FunctionEnergy::new(1, |x| {
        if seen.fetch_add(1, Ordering::Relaxed) == 1000 {
            cancel.request();
        }
        0.5 * x[0] * x[0]
    });
    let base = Base::fit(&Random::new(1).normals(100), 1).unwrap();
    let start = GaussianStart { energy: &energy, base: &base };
    let found = Bracket::of(&start, &config(100, 400), Random::new(1), &cancel);
    assert_eq!(found.unwrap_err(), AnnealingError::Cancelled(Cancelled));
    // The chains of one evaluation, and no more.
    assert!(seen.into_inner() < 1200);
}
