//! What the estimators that are functions of a critic have in common, on a Gaussian pair with known mutual information.

use ebm_core::{device::Real, random::Random};

use super::{Estimator, OfCritic, Pairs, Value, dv, infonce, nwj, smile};

/// Correlation of x and z.
const RHO: f64 = 0.6;

/// I(x; z) = -1/2 ln(1 - rho^2).
pub fn truth() -> f64 {
    -0.5 * (1.0 - RHO * RHO).ln()
}

/// ln p(x, z) / (p(x) p(z)) of standard normal x and z with correlation rho.
fn log_ratio(x: f64, z: f64) -> f64 {
    let rest = 1.0 - RHO * RHO;
    truth() - (RHO * RHO * (x * x + z * z) - 2.0 * RHO * x * z) / (2.0 * rest)
}

/// Draws, `(x, z)`.
fn draws(count: usize, seed: u64) -> Vec<(f64, f64)> {
    let normals = Random::new(seed).stream("pairs").normals(2 * count);
    let pair = |n: &[Real]| {
        let (x, other) = (f64::from(n[0]), f64::from(n[1]));
        (x, RHO * x + (1.0 - RHO * RHO).sqrt() * other)
    };
    normals.chunks_exact(2).map(pair).collect()
}

/// Joint and product values of a critic on draws.
fn values(pairs: &Pairs, seed: u64, critic: impl Fn(f64, f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let draws = draws(pairs.samples, seed);
    let joint = draws.iter().map(|&(x, z)| critic(x, z)).collect();
    let product = pairs.x.iter().zip(&pairs.z).map(|(&i, &j)| critic(draws[i].0, draws[j].1)).collect();
    (joint, product)
}

/// Values of the best critic, the logarithm of the density ratio plus a constant.
pub fn best(pairs: &Pairs, constant: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    values(pairs, seed, |x, z| constant + log_ratio(x, z))
}

#[test]
fn at_the_best_critic_the_estimate_is_the_mutual_information_within_standard_errors_that_are_small() {
    let estimators: [(OfCritic, f64); 3] = [(dv, 0.3), (smile, 0.3), (nwj, 1.0)];
    for (estimator, constant) in estimators {
        for pairs in [Pairs::shifted(4000, 1234), Pairs::all(4000, 40)] {
            for seed in 0..5 {
                let (joint, product) = best(&pairs, constant, seed);
                let found = estimator(&joint, &product, &pairs);
                assert!(found.standard_error < 0.05, "{found:?}");
                assert!((found.value - truth()).abs() < 4.0 * found.standard_error, "{found:?} is not {}", truth());
            }
        }
    }
}

#[test]
fn at_wrong_critics_a_certified_estimate_is_not_above_the_mutual_information() {
    let critics: [fn(f64, f64) -> f64; 5] = [
        |x, z| x * z,
        |x, z| 1.0 - (x - z).powi(2),
        |x, z| 2.0 * log_ratio(x, z),
        |x, z| (3.0 * x).sin() * (3.0 * z).sin(),
        |x, _| x,
    ];
    for estimator in [nwj as OfCritic, infonce] {
        for pairs in [Pairs::shifted(2000, 77), Pairs::all(2000, 20)] {
            for (seed, critic) in (0..).zip(critics) {
                let (joint, product) = values(&pairs, seed, critic);
                let found = estimator(&joint, &product, &pairs);
                let limit = truth() + 4.0 * found.standard_error;
                assert!(found.value <= limit, "critic {seed}: {} +- {}", found.value, found.standard_error);
            }
        }
    }
}

#[test]
fn every_slope_is_that_of_central_differences() {
    const STEP: f64 = 1e-5;
    let draw = |stream: &str, n| -> Vec<f64> {
        Random::new(7).stream(stream).normals(n).into_iter().map(|v| 1.5 * f64::from(v)).collect()
    };
    let moved = |values: &[f64], i: usize, by: f64| {
        let mut moved = values.to_vec();
        moved[i] += by;
        moved
    };
    for estimator in Estimator::ALL {
        let Value::Critic(estimator) = estimator.method().value else { continue };
        for pairs in [Pairs::shifted(5, 2), Pairs::all(5, 3), Pairs::all(6, 6)] {
            let (joint, product) = (draw("joint", pairs.samples), draw("product", pairs.x.len()));
            let found = estimator(&joint, &product, &pairs);
            let near = |ours: f64, value: &dyn Fn(f64) -> f64| {
                let truth = (value(STEP) - value(-STEP)) / (2.0 * STEP);
                assert!((ours - truth).abs() < 1e-8, "{ours} {truth}");
            };
            for (i, slope) in found.joint.iter().enumerate() {
                near(*slope, &|by| estimator(&moved(&joint, i, by), &product, &pairs).value);
            }
            for (r, slope) in found.product.iter().enumerate() {
                near(*slope, &|by| estimator(&joint, &moved(&product, r, by), &pairs).value);
            }
        }
    }
}
