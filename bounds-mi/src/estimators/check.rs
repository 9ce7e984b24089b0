//! Helpers for the tests of the estimators: a Gaussian pair with known mutual information, and finite differences.

use ebm_core::random::Random;

use super::{Differentiated, Pairs};

type Estimator = fn(&[f64], &[f64], &Pairs) -> Differentiated;

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
    let pair = |n: &[ebm_core::device::Real]| {
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

/// At the best critic the estimate is the mutual information, within four standard errors that are small.
pub fn tight(pairs: &Pairs, constant: f64, estimator: Estimator) {
    for seed in 0..5 {
        let (joint, product) = best(pairs, constant, seed);
        let found = estimator(&joint, &product, pairs);
        assert!(found.standard_error < 0.05, "{found:?}");
        let error = (found.value - truth()).abs();
        assert!(error < 4.0 * found.standard_error, "{} +- {}, not {}", found.value, found.standard_error, truth());
    }
}

/// At wrong critics the estimate is not above the mutual information by more than four standard errors.
pub fn below(estimator: Estimator) {
    let critics: [fn(f64, f64) -> f64; 5] = [
        |x, z| x * z,
        |x, z| 1.0 - (x - z).powi(2),
        |x, z| 2.0 * log_ratio(x, z),
        |x, z| (3.0 * x).sin() * (3.0 * z).sin(),
        |x, _| x,
    ];
    for pairs in [Pairs::shifted(2000, 77), Pairs::all(2000, 20)] {
        for (seed, critic) in (0..).zip(critics) {
            let (joint, product) = values(&pairs, seed, critic);
            let found = estimator(&joint, &product, &pairs);
            let limit = truth() + 4.0 * found.standard_error;
            assert!(found.value <= limit, "critic {seed}: {} +- {}", found.value, found.standard_error);
        }
    }
}

/// Every slope is that of central differences.
pub fn slopes(estimator: Estimator) {
    const STEP: f64 = 1e-5;
    for pairs in [Pairs::shifted(5, 2), Pairs::all(5, 3), Pairs::all(6, 6)] {
        let draw = |stream: &str, n| -> Vec<f64> {
            let normals = Random::new(7).stream(stream).normals(n);
            normals.into_iter().map(|v| 1.5 * f64::from(v)).collect()
        };
        let (joint, product) = (draw("joint", pairs.samples), draw("product", pairs.x.len()));
        let found = estimator(&joint, &product, &pairs);
        let moved = |values: &[f64], i: usize, by: f64| {
            let mut moved = values.to_vec();
            moved[i] += by;
            moved
        };
        let near = |ours: f64, above: f64, below: f64| {
            let truth = (above - below) / (2.0 * STEP);
            assert!((ours - truth).abs() < 1e-8, "{ours} {truth}");
        };
        for (i, slope) in found.joint.iter().enumerate() {
            let value = |by| estimator(&moved(&joint, i, by), &product, &pairs).value;
            near(*slope, value(STEP), value(-STEP));
        }
        for (r, slope) in found.product.iter().enumerate() {
            let value = |by| estimator(&joint, &moved(&product, r, by), &pairs).value;
            near(*slope, value(STEP), value(-STEP));
        }
    }
}
