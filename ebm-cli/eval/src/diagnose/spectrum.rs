use ebm_core::jacobian::{jacobian, spectrum};
use ebm_core::{device::Real, geometry::Geometry, models::Generator, tape::SharedTape};
use serde::Serialize;

/// Values of samples and of their Jacobians that are held at once; the networks hold several times as many.
const VALUES: usize = 1 << 22;

/// The singular values of the Jacobian at every latent of `[n, d]`, smallest first: n rows of d.
///
/// They are the roots of the eigenvalues of `J^T J`, whose entries are summed in double precision from columns in the build's.
/// See [`Rounding`] for what that is good for. The batch is worked on in parts, so that memory stays bounded.
pub fn singular_values<G: Geometry>(generator: &dyn Generator<G>, latents: &[Real]) -> Vec<Vec<f64>> {
    let geometry = generator.geometry();
    let part = |part: &[Real]| {
        let z = geometry.latents(part.to_vec());
        spectrum(&jacobian(generator, SharedTape::off().watch(&z)))
    };
    latents.chunks(values_at_once(geometry)).flat_map(part).collect()
}

/// Values of latents to work on at once: whole rows of d.
pub(super) fn values_at_once<G: Geometry>(geometry: G) -> usize {
    let (d, width) = (geometry.latent_width(), geometry.data_width());
    (VALUES / ((1 + d) * width).max(1)).max(1) * d
}

/// Units of the build's precision that the columns of a Jacobian are off by, relative to the largest singular value.
const UNITS: f64 = 32.0;

/// Singular values, relative to the largest one at the same latent, below which they are rounding rather than the generator's.
///
/// A perturbation E of the Jacobian moves no singular value by more than `||E||` (Weyl), and that is relative to the largest.
///
/// The exact values are eigenvalues of `J^T J`, which squares the condition number; but it is summed in double precision, so
/// what limits them in single precision are the columns themselves, with their relative error of some 1e-6. The iterative
/// solver applies `J^T J` in the build's precision, and loses half of its digits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rounding {
    /// Below this an exact singular value is rounding: 3.8e-6 in single precision.
    pub exact: f64,
    /// Below this an estimate of the iterative solver is rounding: 3.5e-4 in single precision.
    pub products: f64,
    /// Latents at which s_1 is below the former.
    pub latents_below_exact: usize,
    /// Latents at which s_1 is below the latter.
    pub latents_below_products: usize,
}

impl Rounding {
    /// Computes it from the singular values `[n, d]` at n latents.
    pub fn of(spectra: &[Vec<f64>]) -> Self {
        // In double precision the eigenvalues are the limit, not the columns.
        let exact = (UNITS * f64::from(Real::EPSILON)).max(4.0 * f64::EPSILON.sqrt());
        let products = f64::from(Real::EPSILON).sqrt();
        let below = |level: f64| {
            let flat = |values: &&Vec<f64>| ends(values).0 <= level * ends(values).1;
            spectra.iter().filter(flat).count()
        };
        Self { exact, products, latents_below_exact: below(exact), latents_below_products: below(products) }
    }
}

/// The smallest and the largest singular value.
pub(super) fn ends(values: &[f64]) -> (f64, f64) {
    let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
    (end(values.first()), end(values.last()))
}

/// `exp(-sum_i p_i ln p_i)` with `p_i = s_i / sum_j s_j`: d where all singular values are the same, 1 where one outweighs the
/// others, and NaN where all are 0 (Roy and Vetterli, The effective rank, EUSIPCO 2007).
pub fn effective_rank(singular_values: &[f64]) -> f64 {
    let sum: f64 = singular_values.iter().sum();
    let shares = singular_values.iter().map(|s| s / sum);
    // p ln p tends to 0 with p.
    let entropy: f64 = shares.map(|p| if p == 0.0 { 0.0 } else { -p * p.ln() }).sum();
    entropy.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::{geometry::Runtime, random::Random};
    use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

    fn mlp(geometry: Runtime, hidden: Vec<usize>, init_gain: f64, seed: u64) -> MlpGenerator<Runtime> {
        let config = MlpGeneratorConfig { hidden, init_gain, ..Default::default() };
        MlpGenerator::new(geometry, &config, Random::new(seed))
    }

    #[test]
    fn a_batch_of_several_parts_has_the_values_of_each_latent_alone() {
        let geometry = Runtime { latent: 2, data: VALUES / 8 };
        assert_eq!(values_at_once(geometry), 2 * 2);
        let gain = MlpGeneratorConfig::default().init_gain;
        let model = mlp(geometry, vec![3], gain, 1);
        let latents = Random::new(2).normals(5 * 2);
        let all = singular_values(&model as &dyn Generator<_>, &latents);
        assert_eq!(all.len(), 5);
        for (z, values) in latents.chunks(2).zip(&all) {
            let alone = &singular_values(&model as &dyn Generator<_>, z)[0];
            for (a, b) in values.iter().zip(alone) {
                assert!((a / b - 1.0).abs() < 1e-4, "{values:?} {alone:?}");
            }
        }
    }

    #[test]
    fn singular_values_that_are_zero_in_exact_arithmetic_are_told_from_small_ones() {
        // Through a layer of 5 units, a Jacobian of 12 columns has rank 5.
        let geometry = Runtime { latent: 12, data: 40 };
        let generator = |hidden| mlp(geometry, hidden, 2.0, 3);
        let latents = Random::new(4).normals(20 * 12);
        let flat = singular_values(&generator(vec![64, 5, 64]) as &dyn Generator<_>, &latents);
        let found = Rounding::of(&flat);
        assert_eq!(found.latents_below_exact, 20);
        for values in &flat {
            assert!(values[6] < found.exact * values[11], "{values:?}");
            assert!(values[7] > 10.0 * found.exact * values[11], "{values:?}");
        }
        let full = singular_values(&generator(vec![64, 64]) as &dyn Generator<_>, &latents);
        assert_eq!(Rounding::of(&full).latents_below_exact, 0);
    }

    #[test]
    fn levels_are_relative_to_the_largest_value_of_the_same_latent() {
        let found = Rounding::of(&[vec![1e-9, 1.0], vec![1e-9, 1e-9], vec![0.5, 1.0], vec![0.0, 0.0]]);
        assert_eq!((found.latents_below_exact, found.latents_below_products), (2, 2));
        assert!(found.exact < found.products);
    }

    #[test]
    fn it_is_the_exponential_of_the_entropy_of_the_shares() {
        // Shares 1/2, 1/4, 1/4: entropy 3/2 ln 2.
        assert!((effective_rank(&[1.0, 1.0, 2.0]) - 2f64.powf(1.5)).abs() < 1e-12);
        for d in [1, 2, 7, 128] {
            assert!((effective_rank(&vec![0.3; d]) - d as f64).abs() < 1e-9);
        }
        assert_eq!(effective_rank(&[0.0, 0.0, 5.0]), 1.0);
        assert!(effective_rank(&[0.0, 0.0]).is_nan());
    }
}
