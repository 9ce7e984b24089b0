//! Which singular values are rounding.

use ebm_core::device::Real;
use serde::Serialize;

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
    /// Of the singular values `[n, d]` at n latents.
    pub fn of(spectra: &[Vec<f64>]) -> Self {
        // In double precision the eigenvalues are the limit, not the columns.
        let exact = (UNITS * f64::from(Real::EPSILON)).max(4.0 * f64::EPSILON.sqrt());
        let products = f64::from(Real::EPSILON).sqrt();
        let below = |level: f64| {
            let flat = |values: &&Vec<f64>| ends(values).0 <= level * ends(values).1;
            spectra.iter().filter(flat).count()
        };
        Self {
            exact,
            products,
            latents_below_exact: below(exact),
            latents_below_products: below(products),
        }
    }
}

/// The smallest and the largest singular value.
pub(super) fn ends(values: &[f64]) -> (f64, f64) {
    let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
    (end(values.first()), end(values.last()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::singular_values;
    use ebm_core::geometry::Runtime;
    use ebm_core::models::Generator;
    use ebm_core::random::Random;
    use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

    #[test]
    fn singular_values_that_are_zero_in_exact_arithmetic_are_told_from_small_ones() {
        // Through a layer of 5 units, a Jacobian of 12 columns has rank 5.
        let geometry = Runtime { latent: 12, data: 40 };
        let generator = |hidden: Vec<usize>| {
            let config = MlpGeneratorConfig {
                hidden,
                init_gain: 2.0,
                ..Default::default()
            };
            MlpGenerator::new(geometry, &config, Random::new(3))
        };
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
}
