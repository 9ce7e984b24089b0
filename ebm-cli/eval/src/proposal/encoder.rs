use ebm_core::{device::Real, geometry::Geometry, models::Generator, random::Random};

use super::local::Local;
use crate::cholesky::Cholesky;
use crate::sampling::{for_latents, nearest_row};

/// Pairs of latents and samples that inversions start from.
const REFERENCES: usize = 1024;
/// Jacobians that a code costs.
pub(super) const PASSES: usize = 6;
/// A step that did not help is tried again, shortened by this factor.
const SHORTER: f64 = 0.25;

/// A Gaussian density `r(z given x)` around an inverse image of x.
///
/// Its mean is the best of a few Gauss-Newton steps on `|x - G(z)|^2 / (2 sigma^2) + |z|^2 / 2` from the latent whose sample, among
/// fixed ones, is nearest to x; its precision is `P = I + J' J / sigma^2` there. It is the posterior of a linear generator. For
/// weights any density that is a function of x alone would do; where a generator folds, it finds one of several latents.
pub(super) struct Encoder<'a, G: Geometry> {
    generator: &'a dyn Generator<G>,
    sigma: f64,
    latents: Vec<Real>,
    samples: Vec<Real>,
}

/// The Gaussian of one sample.
pub(super) struct Code {
    pub mean: Vec<f64>,
    precision: Cholesky,
}

/// A point on the way to an inverse image.
struct Candidate {
    loss: f64,
    z: Vec<f64>,
    /// The Gauss-Newton step from here.
    step: Vec<f64>,
    precision: Cholesky,
}

impl<'a, G: Geometry> Encoder<'a, G> {
    /// An encoder of samples with noise of standard deviation `sigma` > 0.
    pub fn new(generator: &'a dyn Generator<G>, sigma: f64, random: Random) -> Self {
        let latents = random.stream("latents").normals(REFERENCES * generator.geometry().latent_width());
        let samples = for_latents(generator, &latents);
        Self { generator, sigma, latents, samples }
    }

    /// The codes of samples `[B, D]`; `None` where there is none, as the generator's values are not finite.
    pub fn encode(&self, x: &[Real]) -> Vec<Option<Code>> {
        let geometry = self.generator.geometry();
        let (d, width) = (geometry.latent_width(), geometry.data_width());
        let nearest = |row: &[Real]| {
            let (near, _) = nearest_row(row, &self.samples).unwrap_or_default();
            self.latents[near * d..(near + 1) * d].iter().map(|z| f64::from(*z)).collect()
        };
        let mut tried: Vec<Vec<f64>> = x.chunks_exact(width).map(nearest).collect();
        let mut best: Vec<Option<Candidate>> = tried.iter().map(|_| None).collect();
        let mut factors = vec![1.0; tried.len()];
        for _ in 0..PASSES {
            let z: Vec<Real> = tried.iter().flatten().map(|z| *z as Real).collect();
            let local = Local::at(self.generator, &z);
            for (b, row) in x.chunks_exact(width).enumerate() {
                let found = self.candidate(&local, b, row, &tried[b]);
                let better = |found: &Candidate| best[b].as_ref().is_none_or(|known| found.loss < known.loss);
                match found.filter(better) {
                    Some(found) => (best[b], factors[b]) = (Some(found), 1.0),
                    None => factors[b] *= SHORTER,
                }
                if let Some(known) = &best[b] {
                    tried[b] = known.z.iter().zip(&known.step).map(|(z, s)| z + factors[b] * s).collect();
                }
            }
        }
        let code = |found: Candidate| Code { mean: found.z, precision: found.precision };
        best.into_iter().map(|found| found.map(code)).collect()
    }

    /// The loss at latent z of sample b, x, and the step from there.
    fn candidate(&self, local: &Local, b: usize, x: &[Real], z: &[f64]) -> Option<Candidate> {
        let d = z.len();
        // What the codes are made of must be functions of x alone, so z is the one that the Jacobian was computed at.
        let z: Vec<f64> = z.iter().map(|z| f64::from(*z as Real)).collect();
        let scale = 1.0 / (self.sigma * self.sigma);
        let rest: Vec<f64> = x.iter().zip(local.sample(b)).map(|(x, g)| f64::from(*x) - f64::from(*g)).collect();
        let square = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        let loss = 0.5 * (scale * square(&rest) + square(&z));
        let mut precision = vec![0.0; d * d];
        for k in 0..d {
            for l in 0..=k {
                let dot = local.column(b, k).iter().zip(local.column(b, l));
                let dot: f64 = dot.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                precision[k * d + l] = scale * dot;
                precision[l * d + k] = scale * dot;
            }
            precision[k * d + k] += 1.0;
        }
        let precision = Cholesky::of(&precision, d).filter(|_| loss.is_finite())?;
        let down: Vec<f64> = local.pull(b, &rest).iter().zip(&z).map(|(g, z)| scale * g - z).collect();
        Some(Candidate { loss, step: precision.solve(&down), z, precision })
    }
}

impl Code {
    /// `log r(z given x)` in nats.
    pub fn log_density(&self, z: &[f64]) -> f64 {
        let away: Vec<f64> = z.iter().zip(&self.mean).map(|(z, m)| z - m).collect();
        let constant = -0.5 * std::f64::consts::TAU.ln() * z.len() as f64;
        constant + 0.5 * self.precision.log_determinant() - 0.5 * self.precision.square(&away)
    }
}
