use dfdx::prelude::*;

use super::{LN_TAU, affine, doubles, eigenvalues, ln_det_spd, reals, standard_normal_entropy};
use crate::geometry::{Geometry, TapedLatents, TapedSamples};
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
