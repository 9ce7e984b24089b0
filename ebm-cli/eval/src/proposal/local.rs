use ebm_core::jacobian::{Columns, jacobian};
use ebm_core::{device::Real, device::values, geometry::Geometry, models::Generator, tape::SharedTape};

/// Rows of samples and columns that are worked on at once.
const AT_ONCE: usize = 16_384;

/// Samples and Jacobians of a generator at B latents, as plain numbers.
pub(super) struct Local {
    /// `G(z)`, `[B, D]`.
    pub samples: Vec<Real>,
    /// `[d * B, D]`: row `k * B + b` is the k-th column of sample b's Jacobian.
    columns: Vec<Real>,
    batch: usize,
    latent: usize,
    width: usize,
}

impl Local {
    /// At latents `[B, d]`.
    pub fn at<G: Geometry>(generator: &dyn Generator<G>, z: &[Real]) -> Self {
        let z = generator.geometry().latents(z.to_vec());
        Self::of(&jacobian(generator, SharedTape::off().watch(&z)))
    }

    /// The numbers of a Jacobian.
    pub fn of<G: Geometry>(columns: &Columns<G>) -> Self {
        let samples = values(&columns.samples);
        let (batch, latent) = (columns.batch, columns.latent);
        Self { width: samples.len() / batch.max(1), samples, columns: values(&columns.columns), batch, latent }
    }

    /// `G(z)` of sample b, `[D]`.
    pub fn sample(&self, b: usize) -> &[Real] {
        &self.samples[b * self.width..(b + 1) * self.width]
    }

    /// The k-th column of sample b's Jacobian, `[D]`.
    pub fn column(&self, b: usize, k: usize) -> &[Real] {
        let start = (k * self.batch + b) * self.width;
        &self.columns[start..start + self.width]
    }

    /// `J' u` of sample b, `[d]`.
    pub fn pull(&self, b: usize, u: &[f64]) -> Vec<f64> {
        let dot = |k| self.column(b, k).iter().zip(u).map(|(j, u)| f64::from(*j) * u).sum();
        (0..self.latent).map(dot).collect()
    }

    /// `J v` of sample b, `[D]`.
    pub fn push(&self, b: usize, v: &[f64]) -> Vec<f64> {
        let mut pushed = vec![0.0; self.width];
        for (k, v) in v.iter().enumerate() {
            pushed.iter_mut().zip(self.column(b, k)).for_each(|(to, j)| *to += v * f64::from(*j));
        }
        pushed
    }
}

/// Latents to work on at once.
pub(super) fn latents_at_once<G: Geometry>(geometry: G) -> usize {
    (geometry.rows_at_once(AT_ONCE) / (geometry.latent_width() + 1)).max(1)
}
