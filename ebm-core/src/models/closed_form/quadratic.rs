use dfdx::prelude::*;

use super::{LN_TAU, affine, doubles, eigenvalues, ln_det_spd, reals};
use crate::device::PerSample;
use crate::geometry::{Geometry, TapedSamples};
use crate::kernels::dense::dense;
use crate::kernels::row_dot;
use crate::kernels::rows::{repeat, stack, unstack};
use crate::models::{Energy, EnergyFacts};
use crate::module;
use crate::parameter::Parameter;
use crate::tape::{Parts, SharedTape};

/// `E(x) = 1/2 (x - m)^T A (x - m)`: p_theta = N(m, A^-1).
pub struct QuadraticEnergy<G: Geometry> {
    geometry: G,
    /// A, `[D, D]`.
    precision: Parameter,
    /// -m, `[D]`: stored as the bias of `y = x - m`.
    shift: Parameter,
}

impl<G: Geometry> QuadraticEnergy<G> {
    /// An energy with a symmetric positive definite `precision` `[D, D]` row-major and `mean` `[D]`.
    ///
    /// # Panics
    /// If the arrays do not have these sizes.
    pub fn new(geometry: G, precision: &[f64], mean: &[f64]) -> Self {
        let n = geometry.data_width();
        Self {
            geometry,
            precision: Parameter::trained("precision", vec![n, n], reals(precision)),
            shift: Parameter::trained("shift", vec![n], reals(mean).into_iter().map(|v| -v).collect()),
        }
    }

    fn precision(&self) -> Vec<f64> {
        doubles(self.precision.values())
    }

    fn mean(&self) -> Vec<f64> {
        self.shift.values().into_iter().map(|v| -f64::from(v)).collect()
    }

    /// `log Z = D/2 ln(2 pi) - 1/2 ln det A`; `None` if A is not positive definite.
    pub fn log_partition(&self) -> Option<f64> {
        let n = self.geometry.data_width();
        Some(0.5 * (n as f64 * LN_TAU - ln_det_spd(&self.precision(), n)?))
    }

    /// `E_q[E(x)]` for any q with this mean and covariance `[D, D]`.
    pub fn expected_energy(&self, mean: &[f64], covariance: &[f64]) -> f64 {
        let n = self.geometry.data_width();
        let (a, m) = (self.precision(), self.mean());
        let mut total = 0.0;
        for i in 0..n {
            for j in 0..n {
                total += a[i * n + j] * (covariance[j * n + i] + (mean[i] - m[i]) * (mean[j] - m[j]));
            }
        }
        0.5 * total
    }

    /// `KL(N(mean, covariance) || p_theta)`; `None` if a matrix is not positive definite.
    pub fn divergence_of_gaussian(&self, mean: &[f64], covariance: &[f64]) -> Option<f64> {
        let n = self.geometry.data_width();
        let entropy = 0.5 * (n as f64 * (LN_TAU + 1.0) + ln_det_spd(covariance, n)?);
        Some(self.expected_energy(mean, covariance) + self.log_partition()? - entropy)
    }

    /// The smallest eigenvalue of A: the constant of strong convexity, and so of a log-Sobolev inequality.
    pub fn smallest_curvature(&self) -> Option<f64> {
        eigenvalues(&self.precision(), self.geometry.data_width())?.first().copied()
    }
}

module!([G: Geometry] QuadraticEnergy<G>: precision, shift);

impl<G: Geometry> Energy<G> for QuadraticEnergy<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, x: TapedSamples<G>, v: TapedSamples<G>) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let n = self.geometry.data_width();
        let (batch, directions) = (x.shape().0, v.shape().0);
        let (_, tape) = x.clone().split_tape();
        let trains = tape.trains(Parts::ENERGY);
        let mut identity = vec![0.0; n * n];
        (0..n).for_each(|i| identity[i * n + i] = 1.0);
        let identity = crate::buffers::tensor(identity, (n * n,));
        // y = I x + (-m) on the values, and the tangents themselves below them.
        let y = dense(stack(x, v), batch, affine(identity, Some(self.shift.tensor().clone()), [n, n], trains));
        let image = dense(y.clone(), batch, affine(self.precision.tensor().clone(), None, [n, n], trains));
        let matrix = |rows| (rows, n);
        let (y, t) = unstack(y, batch, matrix(batch), matrix(directions));
        let (ay, at) = unstack(image, batch, matrix(batch), matrix(directions));
        let energy = row_dot(y.clone(), ay.clone()) * 0.5;
        if directions == 0 {
            return (energy, t.reshape_like(&(0usize,)));
        }
        // 1/2 t^T (A + A^T) y, the derivative whether or not A is symmetric.
        let repeated = |m| repeat(m, directions / batch);
        let slope = row_dot(t, repeated(ay)) + row_dot(at, repeated(y));
        (energy, slope * 0.5)
    }

    fn facts(&self) -> EnergyFacts {
        let curvature = self.smallest_curvature().filter(|c| *c > 0.0);
        EnergyFacts { log_sobolev: curvature, normalisable: curvature.is_some(), ..Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Runtime;
    use crate::models::energy_gradient;

    fn model() -> QuadraticEnergy<Runtime> {
        QuadraticEnergy::new(Runtime { latent: 1, data: 2 }, &[2.0, 0.5, 0.5, 1.0], &[1.0, -1.0])
    }

    #[test]
    fn values_gradients_and_slopes_are_those_of_the_formula() {
        let model = model();
        let x = model.geometry().samples(vec![2.0, 1.0]);
        // y = (1, 2): A y = (3, 2.5), E = 1/2 (3 + 5) = 4, slope along (1, -2) = 3 - 5 = -2
        let (e, g) = energy_gradient(&model, &x);
        assert_eq!((e.as_vec(), g.as_vec()), (vec![4.0], vec![3.0, 2.5]));
        let off = SharedTape::off();
        let v = model.geometry().samples(vec![1.0, -2.0, 0.0, 1.0]);
        let (_, slope) = model.pushforward(off.watch(&x), off.watch(&v));
        assert_eq!(slope.as_vec(), vec![-2.0, 2.5]);
    }

    #[test]
    fn log_z_divergence_and_curvature_are_those_of_the_formulas() {
        let model = model();
        // det A = 1.75: log Z = ln(2 pi) - 1/2 ln 1.75
        assert!((model.log_partition().unwrap() - (1.837_877_066 - 0.5 * 1.75f64.ln())).abs() < 1e-6);
        // KL(N(0.7, 0.25) || N(-0.3, 1.96)) = 0.593...: ln(1.4/0.5) + (0.25 + 1)/(2*1.96) - 1/2
        let one = QuadraticEnergy::new(Runtime { latent: 1, data: 1 }, &[1.0 / 1.96], &[-0.3]);
        let kl = one.divergence_of_gaussian(&[0.7], &[0.25]).unwrap();
        assert!((kl - (2.8f64.ln() + 1.25 / 3.92 - 0.5)).abs() < 1e-6);
        // Eigenvalues of [[2, 0.5], [0.5, 1]] are 1.5 +- sqrt(0.5)
        assert!((model.smallest_curvature().unwrap() - (1.5 - 0.5f64.sqrt())).abs() < 1e-6);
    }
}
