//! A coupling flow as generator: injective, so that its entropy is exact.

mod coupling;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::noise::{NoiseConfig, NoiseLevel};
use crate::of_network::{GeneratorNetwork, NetworkGenerator};
use ebm_core::device::{Matrix, PerSample, Real};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Activation;
use ebm_core::kernels::stretch::stretch;
use ebm_core::models::{Generator, GeneratorFacts};
use ebm_core::network::check_widths;
use ebm_core::parameter::Parameter;
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, GeneratorSpec, Need, Size};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::tensor::{row_dot, rows, tensor, width};
use ebm_core::{module, register_generator};

use coupling::Coupling;

/// A monotone coupling flow: d = D, injective, so that the entropy from its Jacobian is exact.
///
/// Each layer transforms every other coordinate by a strictly increasing function, a sum of steps whose places, heights
/// and widths a network reads off the remaining coordinates. Beside it there may be a linear map of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct FlowGeneratorConfig {
    /// Number of coupling layers; they transform the even and the odd coordinates in turn.
    #[default(2)]
    pub layers: usize,
    /// Steps of each increasing function.
    #[default(12)]
    pub steps: usize,
    /// Widths of the hidden layers of each layer's network.
    #[default(vec![32, 32])]
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Whether each layer also adds a linear map of the remaining coordinates. It has full rank where the network is narrower than
    /// the data, and starts at zero.
    pub linear: bool,
    /// Standard deviation sigma of the noise added to every sample: a number, which may change over the run, or one that is
    /// trained.
    pub noise: NoiseConfig,
}

/// The generator that [`FlowGeneratorConfig`] describes.
pub type FlowGenerator<G> = NetworkGenerator<G, Flow>;

impl<G: Geometry> NetworkGenerator<G, Flow> {
    /// A flow close to the identity, with weights drawn from `random`.
    pub fn new(geometry: G, config: &FlowGeneratorConfig, random: Random) -> Self {
        let width = geometry.data_width();
        let name = |i: usize| format!("couplings.{i}");
        let layer = |i| Coupling::new(width, i % 2, config, random.stream(&name(i)), &name(i));
        let stretch = Parameter::trained("stretch", vec![width], vec![0.0; width]);
        let network = Flow { layers: (0..config.layers).map(layer).collect(), stretch };
        Self { geometry, network, noise: NoiseLevel::new(&config.noise) }
    }
}

/// Coupling layers, and a factor for each column of the output.
pub struct Flow {
    layers: Vec<Coupling>,
    /// Logarithms of the factors.
    stretch: Parameter,
}

module!([] Flow: layers, stretch);

impl GeneratorNetwork for Flow {
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        let x = self.layers.iter().fold(rows, |x, layer| layer.apply(x, primal, tape));
        stretch(x, self.stretch.tensor(), tape.trains(Parts::GENERATOR))
    }
    /// Each layer's Jacobian is triangular, with the slopes of its increasing functions on the diagonal.
    fn with_log_volume(
        &self,
        z: Matrix<SharedTape>,
        tape: &SharedTape,
    ) -> Option<(Matrix<SharedTape>, PerSample<SharedTape>)> {
        let trains = tape.trains(Parts::GENERATOR);
        let ones = tape.watch(&all(1.0, rows(&z), width(&z)));
        let volume = log_product(stretch(ones, self.stretch.tensor(), trains));
        let (x, volume) = self.layers.iter().fold((z, volume), |(x, volume), layer| {
            let (x, slopes) = layer.apply_with_slopes(x, tape);
            (x, volume + log_product(slopes))
        });
        Some((stretch(x, self.stretch.tensor(), trains), volume))
    }

    fn facts(&self) -> GeneratorFacts {
        GeneratorFacts::unknown(0.0).injective()
    }
}

/// The logarithm of the product of each row, `[B]`, of positive numbers `[B, C]`.
fn log_product(factors: Matrix<SharedTape>) -> PerSample<SharedTape> {
    let ones = SharedTape::off().watch(&all(1.0, rows(&factors), width(&factors)));
    row_dot(factors.ln(), ones)
}

/// The same number everywhere, `[rows, columns]`.
fn all(value: Real, rows: usize, columns: usize) -> Matrix {
    tensor(vec![value; rows * columns], (rows, columns))
}

impl GeneratorSpec for FlowGeneratorConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("layers", self.layers, 1..=64)?;
        ConfigError::require_within("steps", self.steps, 1..=256)?;
        check_widths(&self.hidden)?;
        self.noise.check()
    }

    fn meets(&self, need: Need) -> Result<(), ConfigError> {
        self.noise.meets(need)
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let layers = (0..self.layers).map(|i| Coupling::numbers(dimensions.data, i % 2, self));
        // The factors of the columns come on top.
        let numbers = layers.fold([dimensions.data as f64, 0.0], |[trained, kept], [t, k]| [trained + t, kept + k]);
        Some(Size::of_network(numbers, dimensions.batch, "hidden"))
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        ConfigError::require(
            d == wide && d >= 2,
            "kind",
            "flow",
            &format!("as many latent as data dimensions and at least two, not {d} and {wide}"),
        )?;
        Ok(Box::new(FlowGenerator::new(geometry, self, random)))
    }
}

register_generator!(
    FlowGeneratorConfig,
    name: "flow",
    summary: "monotone coupling flow: injective, with an exact Jacobian determinant",
    reference: "coupling: Dinh et al., ICLR 2017; sums of sigmoids: Huang et al., \"Neural autoregressive flows\", ICML 2018",
);

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::device::{DOUBLE_PRECISION, Real, values};
    use ebm_core::geometry::{Fixed, Runtime};
    use ebm_core::jacobian::{jacobian, log_volume};
    use ebm_core::kernels::sum;
    use ebm_core::parameter::{Module, collect_gradients};
    use ebm_core::tape::backward;

    #[test]
    fn it_starts_close_to_the_identity() {
        let flow = FlowGenerator::new(Fixed::<2, 2>, &FlowGeneratorConfig::default(), Random::new(1));
        let g = flow.geometry();
        let z = g.latents(Random::new(2).normals(400));
        let x = flow.forward(SharedTape::off().watch(&z));
        let worst = values(&x)
            .iter()
            .zip(values(&z))
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
        for volume in values(&log_volume(&j)) {
            assert!(volume.is_finite(), "{volume}");
        }
        // Two latents on a line along the first coordinate keep their order in it: only layer 0 and 2 move it.
        let line: Vec<_> = (0..50).flat_map(|i| [i as Real * 0.1 - 2.5, 0.3, -0.2]).collect();
        let one = FlowGenerator::new(g, &FlowGeneratorConfig { layers: 1, ..Default::default() }, Random::new(4));
        let x = values(&one.forward(SharedTape::off().watch(&g.latents(line))));
        assert!(x.chunks(3).zip(x.chunks(3).skip(1)).all(|(a, b)| a[0] < b[0]));
    }

    #[test]
    fn samples_and_volume_are_those_of_the_jacobian_and_so_are_their_gradients() {
        let g = Runtime { latent: 3, data: 3 };
        let config = FlowGeneratorConfig { layers: 3, hidden: vec![5], steps: 3, linear: true, ..Default::default() };
        let mut flow = FlowGenerator::new(g, &config, Random::new(1));
        for (i, p) in (0u64..).zip(flow.parameters_mut()) {
            let moved: Vec<_> =
                p.values().iter().zip(Random::new(i).normals(p.len())).map(|(w, n)| w + 0.2 * n).collect();
            p.set(&moved);
        }
        let draw = |name| Random::new(2).stream(name).normals(4 * 3);
        let (z, weights) = (g.latents(draw("z")), g.samples(draw("weights")));
        let found = |by_formula: bool| -> Vec<Vec<Real>> {
            let z_on_tape = SharedTape::training(Parts::GENERATOR).watch(&z);
            let (x, volume) = match by_formula {
                true => flow.with_log_volume(z_on_tape).unwrap(),
                false => {
                    let columns = jacobian(&flow as &dyn Generator<_>, z_on_tape);
                    let volume = log_volume(&columns);
                    (columns.samples, volume)
                }
            };
            let read = [values(&x), values(&volume)];
            // A function of both, whose parts have different gradients.
            let of_samples = sum(row_dot(x, SharedTape::off().watch(&weights)));
            let mut gradients = backward(of_samples + sum(volume));
            let in_latents = values(&gradients.of(&z));
            read.into_iter().chain([in_latents]).chain(collect_gradients(&flow, &mut gradients)).collect()
        };
        let tolerance = if DOUBLE_PRECISION { 1e-10 } else { 5e-3 };
        let (ours, truth) = (found(true), found(false));
        assert_eq!(ours.len(), truth.len());
        for (index, (ours, truth)) in ours.iter().zip(&truth).enumerate() {
            let scale = truth.iter().fold(1.0, |m: f64, v| m.max(f64::from(v.abs())));
            assert_eq!(ours.len(), truth.len());
            for (ours, truth) in ours.iter().zip(truth) {
                assert!(f64::from((ours - truth).abs()) < tolerance * scale, "array {index}: {ours} is not {truth}");
            }
        }
        assert!(truth[2..].iter().all(|array| array.iter().any(|slope| *slope != 0.0)), "{truth:?}");
    }

    #[test]
    fn linear_maps_reach_a_covariance_that_a_narrow_network_does_not() {
        // Two layers at the start: x_0 = z_0 + z_1, then x_1 = z_1 + x_0, about. Hidden layers of one unit take no part in it.
        let config = FlowGeneratorConfig { hidden: vec![1], linear: true, ..Default::default() };
        let mut flow = FlowGenerator::new(Fixed::<2, 2>, &config, Random::new(1));
        for p in flow.parameters_mut().into_iter().filter(|p| p.name().contains("linear") && p.shape().len() == 2) {
            p.set(&[1.0]);
        }
        let draws = |z: [Real; 2]| values(&flow.forward(SharedTape::off().watch(&flow.geometry().latents(z.to_vec()))));
        let (at, moved) = (draws([0.1, 0.2]), draws([0.6, 0.2]));
        // A change of 0.5 in z_0 moves both coordinates.
        assert!((moved[0] - at[0] - 0.5).abs() < 0.1 && (moved[1] - at[1] - 0.5).abs() < 0.2, "{at:?} {moved:?}");
    }

    #[test]
    fn the_size_has_as_many_parameters_as_the_flow() {
        for (width, linear) in [(2, false), (5, false), (5, true)] {
            let g = Runtime { latent: width, data: width };
            let config = FlowGeneratorConfig { linear, ..Default::default() };
            let size = config.size(Dimensions { latent: width, data: width, batch: 1 }).unwrap();
            let flow = FlowGenerator::new(g, &config, Random::new(1));
            assert_eq!(size.parameters.numbers, flow.parameter_count() as f64);
            assert!(size.pass.numbers > 128.0 + 37.0 * width as f64, "{size:?}");
        }
    }

    #[test]
    fn names_of_parameters_are_unique() {
        let config = FlowGeneratorConfig { linear: true, ..Default::default() };
        let flow = FlowGenerator::new(Fixed::<2, 2>, &config, Random::new(1));
        assert_eq!(flow.state().len(), flow.parameters().len());
    }
}
