use dfdx::prelude::*;

use super::{LN_TAU, affine};
use crate::buffers;
use crate::device::{Matrix, PerSample, Real};
use crate::diffusion::{Moment, Process};
use crate::geometry::{Geometry, TapedSamples};
use crate::kernels::dense::dense;
use crate::kernels::row_dot;
use crate::kernels::rows::{repeat, stack, unstack};
use crate::models::{Energy, EnergyFacts, FokkerPlanck, TimedEnergy};
use crate::module;
use crate::tape::SharedTape;

/// `E(x, t) = 1/2 (x - a m)^T A_t (x - a m)` with `A_t = (a^2 A^-1 + s^2 I)^-1`: N(m, A^-1) carried along a process.
///
/// `exp(-E(., t))` solves the Fokker-Planck equation up to a factor that depends on t alone. Nothing is trained.
pub struct DiffusedGaussian<G: Geometry> {
    geometry: G,
    process: Process,
    /// Eigenvectors of A as rows, `[D, D]`.
    axes: Vec<Real>,
    /// Eigenvalues of A, `[D]`.
    precisions: Vec<f64>,
    /// m along the eigenvectors, `[D]`.
    mean: Vec<f64>,
}

impl<G: Geometry> DiffusedGaussian<G> {
    /// The model N(m, A^-1) for a symmetric positive definite `precision` `[D, D]` row-major and `mean` `[D]`; `None` if the
    /// matrix is not positive definite.
    ///
    /// # Panics
    /// If the arrays do not have these sizes.
    pub fn new(geometry: G, process: Process, precision: &[f64], mean: &[f64]) -> Option<Self> {
        let n = geometry.data_width();
        assert_eq!((precision.len(), mean.len()), (n * n, n), "sizes of precision and mean");
        let eigen = faer::MatRef::from_row_major_slice(precision, n, n).self_adjoint_eigen(faer::Side::Lower).ok()?;
        let precisions: Vec<f64> = (0..n).map(|i| eigen.S().column_vector()[i]).collect();
        let vectors = eigen.U();
        let axis = |i: usize| (0..n).map(move |j| vectors[(j, i)]);
        Some(Self {
            axes: (0..n).flat_map(&axis).map(|v| v as Real).collect(),
            mean: (0..n).map(|i| axis(i).zip(mean).map(|(u, m)| u * m).sum()).collect(),
            precisions: precisions.iter().all(|p| *p > 0.0).then_some(precisions)?,
            geometry,
            process,
        })
    }

    /// `[B, D]` of a function of the process at each sample's time and of an axis.
    fn table(&self, times: &[Real], f: impl Fn(&Moment, usize) -> f64) -> Matrix {
        let n = self.precisions.len();
        let values = times.iter().flat_map(|&t| {
            let moment = self.process.at(f64::from(t));
            (0..n).map(|i| f(&moment, i) as Real).collect::<Vec<_>>()
        });
        buffers::tensor(values.collect(), (times.len(), n))
    }
}

module!([G: Geometry] DiffusedGaussian<G>:);

impl<G: Geometry> Energy<G> for DiffusedGaussian<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(&self, x: TapedSamples<G>, v: TapedSamples<G>) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let (times, rates) = (vec![0.0; x.shape().0], vec![0.0; v.shape().0]);
        self.pushforward_at(x, &times, v, &rates)
    }

    fn timed(&self) -> Option<&dyn TimedEnergy<G>> {
        Some(self)
    }

    fn facts(&self) -> EnergyFacts {
        let log_sobolev = self.precisions.iter().copied().reduce(f64::min);
        EnergyFacts { log_sobolev, normalisable: true, ..Default::default() }
    }
}

impl<G: Geometry> TimedEnergy<G> for DiffusedGaussian<G> {
    fn pushforward_at(
        &self,
        x: TapedSamples<G>,
        times: &[Real],
        v: TapedSamples<G>,
        rates: &[Real],
    ) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
        let n = self.geometry.data_width();
        let (batch, directions) = (times.len(), rates.len());
        let turn = affine(buffers::tensor(self.axes.clone(), (n * n,)), None, [n, n], false);
        let matrix = |rows| (rows, n);
        let (y, v) = unstack(dense(stack(x, v), batch, turn), batch, matrix(batch), matrix(directions));
        let precision = |m: &Moment, i: usize| 1.0 / (m.signal * m.signal / self.precisions[i] + m.noise * m.noise);
        let y = y - self.table(times, |m, i| m.signal * self.mean[i]);
        let force = y.clone() * self.table(times, precision);
        let energies = row_dot(y.clone(), force.clone()) * 0.5;
        if directions == 0 {
            return (energies, v.reshape_like(&(0usize,)));
        }
        // d_t E = 1/2 sum y^2 A' - sum y A a' m, with A' = -A^2 (2 a a' / A_0 + (s^2)').
        let growth = |m: &Moment, i: usize| {
            let spread = 2.0 * m.signal * m.signal_rate / self.precisions[i] + m.variance_rate;
            -0.5 * precision(m, i).powi(2) * spread
        };
        let pull = |m: &Moment, i: usize| precision(m, i) * m.signal_rate * self.mean[i];
        let change = y.clone() * self.table(times, growth) - self.table(times, pull);
        let repeated = |m| repeat(m, directions / batch);
        let rates = buffers::tensor(rates.to_vec(), (directions,));
        let slopes = row_dot(v, repeated(force)) + row_dot(repeated(y), repeated(change)) * rates;
        (energies, slopes)
    }

    fn fokker_planck(&self) -> Option<FokkerPlanck> {
        let end = self.process.at(Process::HORIZON);
        let variance = |p: &f64| end.signal * end.signal / p + end.noise * end.noise;
        let log_partition = self.precisions.iter().map(|p| 0.5 * (LN_TAU + variance(p).ln()));
        Some(FokkerPlanck { process: self.process, end_log_partition: log_partition.sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::values;
    use crate::diffusion::Ve;
    use crate::geometry::Runtime;
    use crate::models::closed_form::QuadraticEnergy;
    use crate::models::{timed_curvature, timed_energy_gradient};

    const PRECISION: [f64; 4] = [2.0, 0.5, 0.5, 1.0];
    const MEAN: [f64; 2] = [1.0, -1.0];

    fn plane() -> Runtime {
        Runtime { latent: 2, data: 2 }
    }

    fn model(process: Process) -> DiffusedGaussian<Runtime> {
        DiffusedGaussian::new(plane(), process, &PRECISION, &MEAN).unwrap()
    }

    fn processes() -> [Process; 2] {
        [Process::default(), Process::Ve(Ve::default())]
    }

    /// `E(x, t)` from the formula, with matrices inverted by hand.
    fn formula(process: Process, x: [f64; 2], t: f64) -> f64 {
        let m = process.at(t);
        // A^-1 = [[1, -0.5], [-0.5, 2]] / 1.75
        let (p, q, r) = (
            m.signal.powi(2) * 1.0 / 1.75 + m.noise.powi(2),
            m.signal.powi(2) * -0.5 / 1.75,
            m.signal.powi(2) * 2.0 / 1.75 + m.noise.powi(2),
        );
        let (u, v) = (x[0] - m.signal * MEAN[0], x[1] - m.signal * MEAN[1]);
        0.5 * (r * u * u - 2.0 * q * u * v + p * v * v) / (p * r - q * q)
    }

    #[test]
    fn energies_and_every_derivative_are_those_of_the_formula() {
        for process in processes() {
            let model = model(process);
            let (x, t, h) = ([0.3, 0.8], 0.35, 1e-5);
            let point = plane().samples(x.map(|v| v as Real).to_vec());
            let off = SharedTape::off();
            let time = [t as Real];
            let twice = plane().samples(vec![1.0, -2.0, 0.0, 0.0]);
            let (e, slopes) = model.pushforward_at(off.watch(&point), &time, off.watch(&twice), &[0.0, 1.0]);
            let near =
                |a: Real, b: f64| assert!((f64::from(a) - b).abs() < 2e-4 * (1.0 + b.abs()), "{process:?}: {a} {b}");
            near(values(&e)[0], formula(process, x, t));
            let moved = |u: f64, v: f64, s: f64| formula(process, [x[0] + u * h, x[1] + v * h], t + s * h);
            let slope = |u: f64, v: f64, s: f64| (moved(u, v, s) - moved(-u, -v, -s)) / (2.0 * h);
            near(values(&slopes)[0], slope(1.0, -2.0, 0.0));
            near(values(&slopes)[1], slope(0.0, 0.0, 1.0));
            let (_, gradient) = timed_energy_gradient(&model, &point, &time);
            near(values(&gradient)[0], slope(1.0, 0.0, 0.0));
            near(values(&gradient)[1], slope(0.0, 1.0, 0.0));
            // The Laplacian of a quadratic is the trace of its matrix.
            let curvature = timed_curvature(&model, &point, &time, &[1.0, 0.0, 0.0, 1.0]);
            let second = |u: f64, v: f64| {
                let h = 1e-3;
                let at = |s: f64| formula(process, [x[0] + s * u * h, x[1] + s * v * h], t);
                (at(1.0) - 2.0 * at(0.0) + at(-1.0)) / (h * h)
            };
            near(curvature[0], second(1.0, 0.0));
            near(curvature[1], second(0.0, 1.0));
        }
    }

    #[test]
    fn at_time_zero_it_is_the_quadratic_energy() {
        let (model, plain) = (model(Process::default()), QuadraticEnergy::new(plane(), &PRECISION, &MEAN));
        let x = plane().samples(vec![0.3, 0.8, -1.0, 2.0]);
        let off = SharedTape::off();
        let (a, b) = (model.forward(off.watch(&x)), plain.forward(off.watch(&x)));
        for (a, b) in values(&a).iter().zip(values(&b)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        assert!(DiffusedGaussian::new(plane(), Process::default(), &[1.0, 2.0, 2.0, 1.0], &MEAN).is_none());
    }

    #[test]
    fn the_density_solves_the_fokker_planck_equation() {
        // With log p = -E - log Z(t): d_t log p = g^2/2 (lap log p + |grad log p|^2) - c x . grad log p - D c.
        for process in processes() {
            let model = model(process);
            for (t, x) in [(0.05, [0.2, -0.4]), (0.5, [1.2, 0.4]), (0.9, [-0.7, 0.1])] {
                let m = process.at(t);
                let point = plane().samples(x.map(|v| v as Real).to_vec());
                let time = [t as Real];
                let off = SharedTape::off();
                let still = plane().samples(vec![0.0, 0.0]);
                let (_, rate) = model.pushforward_at(off.watch(&point), &time, off.watch(&still), &[1.0]);
                let gradient = values(&timed_energy_gradient(&model, &point, &time).1);
                let laplacian: f64 =
                    timed_curvature(&model, &point, &time, &[1.0, 0.0, 0.0, 1.0]).iter().map(|c| f64::from(*c)).sum();
                let log_z = |t: f64| {
                    let m = process.at(t);
                    let variance = |p: &f64| m.signal.powi(2) / p + m.noise.powi(2);
                    model.precisions.iter().map(|p| 0.5 * variance(p).ln()).sum::<f64>()
                };
                let h = 1e-6;
                let left = -f64::from(values(&rate)[0]) - (log_z(t + h) - log_z(t - h)) / (2.0 * h);
                let square: f64 = gradient.iter().map(|g| f64::from(*g).powi(2)).sum();
                let along: f64 = gradient.iter().zip(x).map(|(g, x)| f64::from(*g) * x).sum();
                let right = 0.5 * m.diffusion * (square - laplacian) + m.drift * (along - 2.0);
                assert!((left - right).abs() < 1e-4 * (1.0 + left.abs()), "{process:?} {t}: {left} {right}");
            }
        }
    }
}
