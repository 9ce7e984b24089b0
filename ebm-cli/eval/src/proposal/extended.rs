use ebm_core::{device::Real, geometry::Geometry, models::Energy, models::Generator};

use super::Proposal;
use super::encoder::Encoder;
use super::local::{Local, latents_at_once};
use crate::sampling::energies_and_gradients;

/// A generator with noise, with its latents: `x = G(z) + sigma n`, in the coordinates y = (z, n).
///
/// There the model, extended to z by the encoder, has the density `exp(-E(x)) r(z given x) sigma^D`.
pub(super) struct Extended<'a, G: Geometry> {
    pub energy: &'a dyn Energy<G>,
    pub generator: &'a dyn Generator<G>,
    pub encoder: Encoder<'a, G>,
    pub sigma: f64,
}

impl<G: Geometry> Proposal for Extended<'_, G> {
    fn width(&self) -> usize {
        let geometry = self.generator.geometry();
        geometry.latent_width() + geometry.data_width()
    }

    fn energies_and_forces(&self, y: &[Real]) -> (Vec<f64>, Vec<Real>) {
        let geometry = self.generator.geometry();
        let (d, width) = (geometry.latent_width(), geometry.data_width());
        let (mut energies, mut forces) = (Vec::new(), Vec::with_capacity(y.len()));
        for chunk in y.chunks(latents_at_once(geometry) * (d + width)) {
            let rows = || chunk.chunks_exact(d + width);
            let z: Vec<Real> = rows().flat_map(|row| &row[..d]).copied().collect();
            let local = Local::at(self.generator, &z);
            let noisy = |(b, row): (usize, &'_ [Real])| {
                let noise = local.sample(b).iter().zip(&row[d..]);
                noise.map(|(g, n)| g + self.sigma as Real * n).collect::<Vec<Real>>()
            };
            let x: Vec<Real> = rows().enumerate().flat_map(noisy).collect();
            let (energy, gradients) = energies_and_gradients(self.energy, &x);
            let codes = self.encoder.encode(&x);
            for (b, (row, code)) in rows().zip(&codes).enumerate() {
                let gradient = gradients[b * width..(b + 1) * width].iter().map(|g| f64::from(*g));
                let gradient: Vec<f64> = gradient.collect();
                let Some(code) = code else {
                    energies.push(f64::INFINITY);
                    forces.extend(std::iter::repeat_n(0.0, d + width));
                    continue;
                };
                let z: Vec<f64> = row[..d].iter().map(|z| f64::from(*z)).collect();
                energies.push(f64::from(energy[b]) - code.log_density(&z));
                // Of a linear generator -log r is |z - J' n / sigma|^2 / 2 in the norm of P^-1, up to a constant, and z - mean is
                // P^-1 (z - J' n / sigma): so these are its gradients, and approximations for others.
                let away: Vec<f64> = z.iter().zip(&code.mean).map(|(z, m)| z - m).collect();
                let pulled = local.pull(b, &gradient);
                forces.extend(pulled.iter().zip(&away).map(|(g, a)| (g + a) as Real));
                let pushed = local.push(b, &away);
                let noise = gradient.iter().zip(&pushed).map(|(g, p)| (self.sigma * g - p / self.sigma) as Real);
                forces.extend(noise);
            }
        }
        (energies, forces)
    }

    fn log_volume(&self) -> f64 {
        self.generator.geometry().data_width() as f64 * self.sigma.ln()
    }

    fn describe(&self) -> String {
        "the generator with its noise, extended to latents by a Gaussian r(z given x) around an inverse image of x"
            .into()
    }
}
