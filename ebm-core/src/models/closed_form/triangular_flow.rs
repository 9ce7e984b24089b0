use dfdx::prelude::*;

use super::{affine, reals, standard_normal_entropy};
use crate::buffers;
use crate::device::{Matrix, PerSample, Real, Taped};
use crate::geometry::{Geometry, Latents, TapedLatents, TapedSamples};
use crate::kernels::Activation;
use crate::kernels::dense::{Dense, dense};
use crate::kernels::rows::{repeat, stack, unstack};
use crate::models::{Generator, GeneratorFacts};
use crate::module;
use crate::parameter::Parameter;
use crate::tape::{Parts, SharedTape};

/// The autoregressive affine flow `x_i = z_i exp(s_i) + t_i` with `s = tanh(S z)` and `t = T z`, S and T strictly lower
/// triangular (`[d, d]`, `D = d`).
///
/// x_i depends on z_1 .. z_i and grows with z_i, so the map is injective and J is lower triangular with diagonal exp(s_i):
/// `log |det J| = sum_i s_i(z)`.
pub struct TriangularFlow<G: Geometry> {
    geometry: G,
    scale: Parameter,
    shift: Parameter,
}

impl<G: Geometry> TriangularFlow<G> {
    /// A flow from two `[d, d]` matrices, row-major, of which only the part below the diagonal is used.
    ///
    /// # Panics
    /// If the matrices do not have this size, or `D != d`.
    pub fn new(geometry: G, scale: &[f64], shift: &[f64]) -> Self {
        let d = geometry.latent_width();
        assert_eq!(d, geometry.data_width(), "a flow keeps the number of dimensions");
        Self {
            geometry,
            scale: Parameter::trained("scale", vec![d, d], reals(scale)),
            shift: Parameter::trained("shift", vec![d, d], reals(shift)),
        }
    }

    /// `log |det J|` at each latent, in closed form.
    pub fn log_determinants(&self, z: &Latents<G>) -> Vec<f64> {
        let d = self.geometry.latent_width();
        let s = self.scale.values();
        let log_det = |z: &[Real]| -> f64 {
            (0..d).map(|i| (0..i).map(|j| f64::from(s[i * d + j]) * f64::from(z[j])).sum::<f64>().tanh()).sum()
        };
        z.as_vec().chunks(d).map(log_det).collect()
    }

    /// `-log p_g(G(z))` at each latent; its mean over latents is the entropy.
    pub fn negative_log_densities(&self, z: &Latents<G>) -> Vec<f64> {
        let d = self.geometry.latent_width();
        let normal = standard_normal_entropy(d) - 0.5 * d as f64;
        let square = |z: &[Real]| z.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        let values = z.as_vec();
        let squares = values.chunks(d).map(square);
        squares.zip(self.log_determinants(z)).map(|(q, l)| normal + 0.5 * q + l).collect()
    }

    /// The strictly lower part of a matrix, as an array on the tape.
    fn lower(&self, parameter: &Parameter, tape: &SharedTape) -> PerSample {
        let d = self.geometry.latent_width();
        let mask: Vec<Real> = (0..d * d).map(|k| if k % d < k / d { 1.0 } else { 0.0 }).collect();
        let mask = buffers::tensor(mask, (d * d,));
        let masked: Taped<(usize,)> = tape.watch(parameter.tensor()) * mask;
        masked.split_tape().0
    }
}

module!([G: Geometry] TriangularFlow<G>: scale, shift);

impl<G: Geometry> Generator<G> for TriangularFlow<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, z: TapedLatents<G>, v: TapedLatents<G>) -> (TapedSamples<G>, TapedSamples<G>) {
        let d = self.geometry.latent_width();
        let (batch, directions) = (z.shape().0, v.shape().0);
        let (_, tape) = z.clone().split_tape();
        let rows = stack(z, v);
        let apply = |parameter: &Parameter, activation| {
            let layer = affine(self.lower(parameter, &tape), None, [d, d], tape.trains(Parts::GENERATOR));
            dense(rows.clone(), batch, Dense { activation, ..layer })
        };
        let matrix = |n| (n, d);
        let split = |m: Matrix<SharedTape>| unstack(m, batch, matrix(batch), matrix(directions));
        let (z, v) = split(rows.clone());
        let (s, ds) = split(apply(&self.scale, Activation::Tanh));
        let (t, dt) = split(apply(&self.shift, Activation::Identity));
        let factor = s.exp();
        let scaled = z * factor.clone();
        let x = scaled.clone() + t;
        let samples = |m: Matrix<SharedTape>| {
            let rows = m.shape().0;
            unstack(m, rows, (rows, self.geometry.data()), (0usize, self.geometry.data())).0
        };
        if directions == 0 {
            let none = self.geometry.samples(Vec::new());
            return (samples(x), none.put_tape(SharedTape::off()));
        }
        let repeated = |m| repeat(m, directions / batch);
        let push = v * repeated(factor) + repeated(scaled) * ds + dt;
        (samples(x), samples(push))
    }

    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(0.0).injective()
    }
}
