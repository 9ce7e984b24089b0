//! The coupling flow.

use dfdx::prelude::{HasShape, SplitTape};

use super::FlowGeneratorConfig;
use super::coupling::Coupling;
use crate::noise::NoiseLevel;
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::kernels::stretch::stretch;
use ebm_core::models::{Generator, GeneratorFacts};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};

/// The generator that [`FlowGeneratorConfig`] describes.
pub struct FlowGenerator<G: Geometry> {
    geometry: G,
    layers: Vec<Coupling>,
    /// Logarithms of the factors of the output's columns.
    stretch: Parameter,
    noise: NoiseLevel,
}

impl<G: Geometry> FlowGenerator<G> {
    /// A flow close to the identity, with weights drawn from `random`.
    pub fn new(geometry: G, config: &FlowGeneratorConfig, random: Random) -> Self {
        let width = geometry.data_width();
        let name = |i: usize| format!("couplings.{i}");
        let layers: Vec<Coupling> = (0..config.layers)
            .map(|i| Coupling::new(width, i % 2, config, random.stream(&name(i)), &name(i)))
            .collect();
        Self {
            geometry,
            layers,
            stretch: Parameter::trained("stretch", vec![width], vec![0.0; width]),
            noise: NoiseLevel::new(&config.noise),
        }
    }
}

impl<G: Geometry> Module for FlowGenerator<G> {
    fn parameters(&self) -> Vec<&Parameter> {
        self.layers.iter().flat_map(Coupling::parameters).chain([&self.stretch]).chain(self.noise.parameter()).collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let layers = self.layers.iter_mut().flat_map(Coupling::parameters_mut);
        layers.chain([&mut self.stretch]).chain(self.noise.parameter_mut()).collect()
    }
    fn commit(&mut self) {
        self.noise.commit();
    }
}

impl<G: Geometry> Generator<G> for FlowGenerator<G> {
    fn geometry(&self) -> G {
        self.geometry
    }

    fn pushforward(
        &self,
        z: Latents<G, SharedTape>,
        v: Latents<G, SharedTape>,
    ) -> (Samples<G, SharedTape>, Samples<G, SharedTape>) {
        let (batch, directions) = (z.shape().0, v.shape().0);
        let (_, tape) = z.clone().split_tape();
        let rows = stack(z, v);
        let x = self.layers.iter().fold(rows, |x, layer| layer.apply(x, batch, &tape));
        let x = stretch(x, self.stretch.tensor(), tape.trains(Parts::GENERATOR));
        let shape = |rows| (rows, self.geometry.data());
        unstack(x, batch, shape(batch), shape(directions))
    }

    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(self.noise.sigma()).injective()
    }

    fn noise_level(&self) -> Option<&Parameter> {
        self.noise.parameter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::{Fixed, Runtime};
    use ebm_core::jacobian::{jacobian, log_volume};

    #[test]
    fn it_starts_close_to_the_identity() {
        let flow = FlowGenerator::new(Fixed::<2, 2>, &FlowGeneratorConfig::default(), Random::new(1));
        let g = flow.geometry();
        let z = g.latents(Random::new(2).normals(400));
        let x = flow.forward(SharedTape::off().watch(&z));
        let worst = ebm_core::device::values(&x)
            .iter()
            .zip(ebm_core::device::values(&z))
            .filter(|(_, z)| z.abs() < 2.0)
            .fold(0.0, |m: f64, (x, z)| m.max(f64::from((x - z).abs())));
        assert!(worst < 0.3, "{worst}");
    }

    #[test]
    fn every_coordinate_grows_with_its_own_latent_and_the_volume_is_finite() {
        let g = Runtime { latent: 3, data: 3 };
        let config = FlowGeneratorConfig { layers: 2, ..Default::default() };
        let mut flow = FlowGenerator::new(g, &config, Random::new(1));
        // Weights far from the start.
        for (i, p) in (0u64..).zip(flow.parameters_mut()) {
            let moved: Vec<_> =
                p.values().iter().zip(Random::new(i).normals(p.len())).map(|(w, n)| w + 0.05 * n).collect();
            p.set(&moved);
        }
        let z = g.latents(Random::new(2).normals(300));
        let j = jacobian(&flow as &dyn Generator<_>, SharedTape::off().watch(&z));
        for volume in ebm_core::device::values(&log_volume(&j)) {
            assert!(volume.is_finite(), "{volume}");
        }
        // Two latents on a line along the first coordinate keep their order in it: only layer 0 and 2 move it.
        let line: Vec<_> = (0..50).flat_map(|i| [i as ebm_core::device::Real * 0.1 - 2.5, 0.3, -0.2]).collect();
        let one = FlowGenerator::new(g, &FlowGeneratorConfig { layers: 1, ..Default::default() }, Random::new(4));
        let x = ebm_core::device::values(&one.forward(SharedTape::off().watch(&g.latents(line))));
        assert!(x.chunks(3).zip(x.chunks(3).skip(1)).all(|(a, b)| a[0] < b[0]));
    }

    #[test]
    fn names_of_parameters_are_unique() {
        let flow = FlowGenerator::new(Fixed::<2, 2>, &FlowGeneratorConfig::default(), Random::new(1));
        assert_eq!(flow.state().len(), flow.parameters().len());
    }
}
