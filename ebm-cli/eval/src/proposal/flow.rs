use ebm_core::device::{Real, values};
use ebm_core::jacobian::{jacobian, log_volume};
use ebm_core::models::{Energy, Generator};
use ebm_core::{geometry::Geometry, kernels::sum, tape::SharedTape, tape::backward};

use super::Proposal;
use super::local::{Local, latents_at_once};
use crate::sampling::energies_and_gradients;

/// An injective generator without noise, d = D: `log p_g(G(z)) = log N(z; 0, I) - log |det J(z)|`.
///
/// Its coordinates are the latents, where the model has the density `exp(-E(G(z))) |det J(z)|`.
pub(super) struct Flow<'a, G: Geometry> {
    pub energy: &'a dyn Energy<G>,
    pub generator: &'a dyn Generator<G>,
}

impl<G: Geometry> Proposal for Flow<'_, G> {
    fn width(&self) -> usize {
        self.generator.geometry().latent_width()
    }

    fn energies_and_forces(&self, z: &[Real]) -> (Vec<f64>, Vec<Real>) {
        let geometry = self.generator.geometry();
        let (d, width) = (geometry.latent_width(), geometry.data_width());
        let (mut energies, mut forces) = (Vec::new(), Vec::with_capacity(z.len()));
        for chunk in z.chunks(latents_at_once(geometry) * d) {
            let latents = geometry.latents(chunk.to_vec());
            let columns = jacobian(self.generator, SharedTape::inputs_only().watch(&latents));
            let local = Local::of(&columns);
            let volumes = log_volume(&columns);
            let volume = values(&volumes);
            let slopes = values(&backward(sum(volumes)).of(&latents));
            let (energy, gradients) = energies_and_gradients(self.energy, &local.samples);
            energies.extend(energy.iter().zip(&volume).map(|(e, v)| f64::from(*e) - f64::from(*v)));
            for (b, (gradient, slope)) in gradients.chunks_exact(width).zip(slopes.chunks_exact(d)).enumerate() {
                let gradient: Vec<f64> = gradient.iter().map(|g| f64::from(*g)).collect();
                let pulled = local.pull(b, &gradient);
                forces.extend(pulled.iter().zip(slope).map(|(g, s)| (g - f64::from(*s)) as Real));
            }
        }
        (energies, forces)
    }

    fn describe(&self) -> String {
        "the generator, by its density".into()
    }
}
