use dfdx::prelude::*;

use super::{LN_TAU, affine, doubles, eigenvalues, ln_det_spd, reals, standard_normal_entropy};
use crate::device::Real;
use crate::geometry::{Geometry, Samples, TapedLatents, TapedSamples};
use crate::kernels::dense::dense;
use crate::kernels::rows::{stack, unstack};
use crate::models::{Generator, GeneratorFacts};
use crate::module;
use crate::parameter::Parameter;
use crate::tape::Parts;

/// `G(z) = W z + b` with noise `sigma`: p_g = N(b, W W^T + sigma^2 I).
pub struct LinearGaussian<G: Geometry> {
    geometry: G,
    weight: Parameter,
    bias: Parameter,
    noise: f64,
}

impl<G: Geometry> LinearGaussian<G> {
    /// A generator with `weight` `[D, d]` row-major and `bias` `[D]`.
    ///
    /// # Panics
    /// If the arrays do not have these sizes.
    pub fn new(geometry: G, weight: &[f64], bias: &[f64], noise: f64) -> Self {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        Self {
            geometry,
            weight: Parameter::trained("weight", vec![wide, d], reals(weight)),
            bias: Parameter::trained("bias", vec![wide], reals(bias)),
            noise,
        }
    }

    fn weights(&self) -> Vec<f64> {
        doubles(self.weight.values())
    }

    /// The covariance `W W^T + sigma^2 I` of the samples, `[D, D]` row-major.
    pub fn covariance(&self) -> Vec<f64> {
        let (d, n) = (self.geometry.latent_width(), self.geometry.data_width());
        let w = self.weights();
        let mut c = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                c[i * n + j] = (0..d).map(|k| w[i * d + k] * w[j * d + k]).sum();
            }
            c[i * n + i] += self.noise * self.noise;
        }
        c
    }

    /// The mean of the samples, `[D]`.
    pub fn mean(&self) -> Vec<f64> {
        doubles(self.bias.values())
    }

    /// The exact entropy in nats. With `sigma = 0` and `D > d`, that of the density on the d-dimensional image.
    pub fn entropy(&self) -> Option<f64> {
        let (d, n) = (self.geometry.latent_width(), self.geometry.data_width());
        if self.noise > 0.0 {
            return Some(0.5 * (n as f64 * (LN_TAU + 1.0) + ln_det_spd(&self.covariance(), n)?));
        }
        Some(standard_normal_entropy(d) + 0.5 * ln_det_spd(&self.gram(), d)?)
    }

    /// `-log p_g(x)` at each sample, `[B]` in nats; `None` where the samples have no density.
    pub fn negative_log_densities(&self, x: &Samples<G>) -> Option<Vec<f64>> {
        let (d, n) = (self.geometry.latent_width(), self.geometry.data_width());
        if self.noise == 0.0 && d < n {
            return None;
        }
        let (covariance, mean) = (self.covariance(), self.mean());
        let factors = faer::MatRef::from_row_major_slice(&covariance, n, n).llt(faer::Side::Lower).ok()?;
        let l = factors.L();
        let constant = 0.5 * n as f64 * LN_TAU + (0..n).map(|i| l[(i, i)].ln()).sum::<f64>();
        let density = |x: &[Real]| {
            // L y = x - b
            let mut y: Vec<f64> = Vec::with_capacity(n);
            for (i, (x, mean)) in x.iter().zip(&mean).enumerate() {
                let known: f64 = y.iter().enumerate().map(|(j, y)| l[(i, j)] * y).sum();
                y.push((f64::from(*x) - mean - known) / l[(i, i)]);
            }
            constant + 0.5 * y.iter().map(|y| y * y).sum::<f64>()
        };
        Some(x.as_vec().chunks(n).map(density).collect())
    }

    /// `W^T W`, `[d, d]`.
    fn gram(&self) -> Vec<f64> {
        let (d, n) = (self.geometry.latent_width(), self.geometry.data_width());
        let w = self.weights();
        let dot = |i: usize, j: usize| (0..n).map(|k| w[k * d + i] * w[k * d + j]).sum();
        (0..d * d).map(|ij| dot(ij / d, ij % d)).collect()
    }

    /// Whether no two latents map to one point, to the precision of the weights.
    fn has_full_rank(&self) -> bool {
        let d = self.geometry.latent_width();
        // Squares of singular values: single precision resolves ratios down to about 1e-7.
        eigenvalues(&self.gram(), d).is_some_and(|values| values[0] > 1e-12 * values[d - 1])
    }
}

module!([G: Geometry] LinearGaussian<G>: weight, bias);

impl<G: Geometry> Generator<G> for LinearGaussian<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, z: TapedLatents<G>, v: TapedLatents<G>) -> (TapedSamples<G>, TapedSamples<G>) {
        let (batch, directions) = (z.shape().0, v.shape().0);
        let (_, tape) = z.clone().split_tape();
        let sizes = [self.geometry.data_width(), self.geometry.latent_width()];
        let (weight, bias) = (self.weight.tensor().clone(), self.bias.tensor().clone());
        let layer = affine(weight, Some(bias), sizes, tape.trains(Parts::GENERATOR));
        let x = dense(stack(z, v), batch, layer);
        let shape = |rows| (rows, self.geometry.data());
        unstack(x, batch, shape(batch), shape(directions))
    }

    fn facts(&self) -> GeneratorFacts {
        let mut facts = GeneratorFacts::unknown(self.noise);
        // W of full column rank: no two latents meet.
        facts.injective = self.geometry.latent_width() <= self.geometry.data_width() && self.has_full_rank();
        facts.piecewise_linear = true;
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Runtime;
    use crate::tape::SharedTape;

    #[test]
    fn entropies_are_those_of_the_formulas() {
        let g = Runtime { latent: 2, data: 2 };
        // |det W| = |2*3 - 1*0.5| = 5.5; H = ln(2 pi e) + ln 5.5 = 2.837877 + 1.704748
        let exact = LinearGaussian::new(g, &[2.0, 1.0, 0.5, 3.0], &[0.0, 0.0], 0.0);
        assert!((exact.entropy().unwrap() - 4.542_625).abs() < 1e-5);
        // W = diag(2, 1), sigma = 1: det = 5 * 2 = 10; H = 2.837877 + 0.5 ln 10
        let noisy = LinearGaussian::new(g, &[2.0, 0.0, 0.0, 1.0], &[0.0, 0.0], 1.0);
        assert!((noisy.entropy().unwrap() - (2.837_877_066 + 0.5 * 10f64.ln())).abs() < 1e-6);
    }

    #[test]
    fn densities_are_those_of_the_formula() {
        let g = Runtime { latent: 2, data: 2 };
        let model = LinearGaussian::new(g, &[1.0, 0.0, 0.5, 1.0], &[0.5, -1.0], 0.5);
        // The covariance [[1.25, 0.5], [0.5, 1.5]] has the determinant 1.625; at x - b = (1, -1) the quadratic form is
        // (1.5 + 2 0.5 + 1.25) / 1.625 = 2.307692.
        let found = model.negative_log_densities(&g.samples(vec![1.5, -2.0, 0.5, -1.0])).unwrap();
        let at_mean = 1.837_877_066 + 0.5 * 1.625f64.ln();
        for (found, form) in found.into_iter().zip([3.75 / 1.625, 0.0]) {
            assert!((found - at_mean - 0.5 * form).abs() < 1e-8, "{found}");
        }
        let line = Runtime { latent: 1, data: 2 };
        let model = LinearGaussian::new(line, &[1.0, 2.0], &[0.0; 2], 0.0);
        assert_eq!(model.negative_log_densities(&line.samples(vec![1.0, 2.0])), None);
    }

    #[test]
    fn values_and_pushforward_are_affine() {
        let g = Runtime { latent: 1, data: 2 };
        let model = LinearGaussian::new(g, &[2.0, -1.0], &[0.5, 0.25], 0.0);
        let off = SharedTape::off();
        let (x, jv) = model.pushforward(off.watch(&g.latents(vec![1.0, 2.0])), off.watch(&g.latents(vec![1.0, 3.0])));
        assert_eq!(x.as_vec(), vec![2.5, -0.75, 4.5, -1.75]);
        assert_eq!(jv.as_vec(), vec![2.0, -1.0, 6.0, -3.0]);
        assert!(model.facts().injective);
        let flat = LinearGaussian::new(Runtime { latent: 2, data: 2 }, &[1.0, 1.0, 1.0, 1.0], &[0.0; 2], 0.0);
        assert!(!flat.facts().injective);
    }
}
