//! A stack of layers on `[(1+K) B, inputs]` rows of values and tangents.

use crate::device::{Matrix, Real};
use crate::error::ConfigError;
use crate::kernels::Activation;
use crate::kernels::columns::join_columns;
use crate::kernels::enclosure::{Affine, Enclosure};
use crate::kernels::fourier::fourier;
use crate::kernels::scale::scale;
use crate::models::GeneratorFacts;
use crate::module;
use crate::parameter::Parameter;
use crate::random::Random;
use crate::tape::{Parts, SharedTape};
use crate::tensor::{rows, width};

use super::layer::Layer;
use super::{EnclosedNetwork, Init};

/// The options of a [`Network`].
#[derive(Clone, Copy, Debug)]
pub struct NetworkOptions<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Columns that join those of the first layer, after the Fourier features; see [`Network::apply_with`].
    pub extra: usize,
    /// Widths of the hidden layers; none for an affine map. See [`check_widths`].
    pub hidden: &'a [usize],
    /// Number of outputs.
    pub outputs: usize,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Activation of the output.
    pub output_activation: Activation,
    /// Batch-norm after the activation of every hidden layer.
    pub batch_norm: bool,
    /// Divide every layer's weights by their largest singular value.
    pub spectral_norm: bool,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights. See [`check_gain`].
    pub gain: f64,
    /// Number and scale (periods per unit) of random Fourier features; none if the number is 0.
    pub fourier: (usize, f64),
    /// A learned factor of the output.
    pub output_scale: bool,
    /// A Lipschitz constant that the network shall have, by the norm of every layer's weights and a constant factor of the output in place
    /// of a learned one; 0: none. Of activations with a learned slope it says nothing.
    pub lipschitz: f64,
    /// The part of the system that the parameters belong to: they get gradients on a tape that trains it.
    pub part: Parts,
    /// Put before the names of the parameters, such as `"critic."`.
    pub prefix: &'a str,
}

impl<'a> NetworkOptions<'a> {
    /// A network of `part` with SiLU hidden layers, a linear output and PyTorch's initial weights.
    pub fn plain(inputs: usize, hidden: &'a [usize], outputs: usize, part: Parts) -> Self {
        Self {
            inputs,
            extra: 0,
            hidden,
            outputs,
            activation: Activation::Silu,
            output_activation: Activation::Identity,
            batch_norm: false,
            spectral_norm: false,
            init: Init::Uniform,
            gain: 1.0,
            fourier: (0, 0.0),
            output_scale: false,
            lipschitz: 0.0,
            part,
            prefix: "",
        }
    }

    /// The numbers that are trained, and those that a pass on a tape keeps for each row, at least: the inputs of every layer, and the
    /// slopes of its activation. They are floats, for which no product of widths is too large.
    pub fn numbers(&self) -> [f64; 2] {
        let count = |yes: bool| if yes { 1.0 } else { 0.0 };
        let mut width = self.inputs as f64 + 2.0 * self.fourier.0 as f64;
        // Those that are the same in every row are not kept for each.
        let mut beside = self.extra as f64;
        let [mut trained, mut kept] = [count(self.output_scale && self.lipschitz == 0.0), 0.0];
        for (index, outputs) in self.hidden.iter().chain([&self.outputs]).enumerate() {
            let outputs = *outputs as f64;
            let last = index == self.hidden.len();
            let activation = if last { self.output_activation } else { self.activation };
            trained += (width + beside + 1.0) * outputs + count(activation.has_learned_slope());
            trained += 2.0 * outputs * count(self.batch_norm && !last);
            kept += width + outputs * count(activation != Activation::Identity);
            (width, beside) = (outputs, 0.0);
        }
        [trained, kept]
    }
}

/// A multi-layer perceptron on rows `[rows, inputs]`, trained as one part of the system.
pub struct Network {
    frequencies: Option<Parameter>,
    layers: Vec<Layer>,
    factor: Option<Parameter>,
    part: Parts,
}

impl Network {
    /// A network with weights drawn from `random`.
    pub fn new(options: &NetworkOptions<'_>, random: Random) -> Self {
        let (count, deviation) = options.fourier;
        let inputs = options.inputs;
        let frequencies = (count > 0).then(|| {
            let draws = random.stream("frequencies").normals(count * inputs);
            let radians = (std::f64::consts::TAU * deviation) as Real;
            let values = draws.into_iter().map(|v| v * radians).collect();
            Parameter::fixed(format!("{}frequencies", options.prefix), vec![count, inputs], values)
        });
        let mut width = inputs + 2 * count + options.extra;
        let mut layers = Vec::with_capacity(options.hidden.len() + 1);
        for (index, &outputs) in options.hidden.iter().chain([&options.outputs]).enumerate() {
            layers.push(Layer::new(index, [outputs, width], options, random));
            width = outputs;
        }
        // PyTorch's start of a bias-free linear layer 1 -> 1 is uniform in [-1, 1]; 1 keeps the sign and scale of the energy.
        let scale = || format!("{}output_scale", options.prefix);
        let factor = match options.lipschitz {
            limit if limit > 0.0 => {
                let own = features_lipschitz(frequencies.as_ref()) * slopes(&layers);
                Some(Parameter::fixed(scale(), vec![1], vec![(limit / own) as Real]))
            }
            _ => options.output_scale.then(|| Parameter::trained(scale(), vec![1], vec![1.0])),
        };
        Self { frequencies, layers, factor, part: options.part }
    }

    /// Applies the network to `[(1+K) * primal, inputs]`: values in the first `primal` rows, K tangents of each below (see
    /// [`kernels`](crate::kernels)). The rows and `tape` record to the same list. Batch statistics are used where there are
    /// no tangents and this network is being trained.
    pub fn apply(&self, x: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        self.apply_with(x, None, primal, tape)
    }

    /// The same with `extra` `[rows, columns]` beside the inputs of the first layer, or `[1, columns]` for all rows, where the
    /// tangents of these columns are 0.
    pub fn apply_with(
        &self,
        mut x: Matrix<SharedTape>,
        mut extra: Option<Matrix<SharedTape>>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let trains = tape.trains(self.part);
        let batch_statistics = trains && rows(&x) == primal;
        if let Some(frequencies) = &self.frequencies {
            x = fourier(x, primal, frequencies.tensor());
        }
        if let Some(extra) = extra.take_if(|extra| rows(extra) == rows(&x)) {
            let (own, joined) = (width(&x), width(&extra));
            let columns: Vec<usize> = (0..own + joined).collect();
            x = join_columns(x, &columns[..own], extra, &columns[own..]);
        }
        for layer in &self.layers {
            x = layer.apply(x, extra.take(), primal, tape, trains, batch_statistics);
        }
        match &self.factor {
            Some(factor) => scale(x, factor.tensor(), trains && factor.is_trained()),
            None => x,
        }
    }

    /// An upper bound of max - min of a network with one output, if its last hidden layer is bounded.
    pub fn oscillation(&self) -> Option<f64> {
        let [.., hidden, last] = &self.layers[..] else {
            return None;
        };
        if hidden.activation != Activation::Tanh || hidden.normal.is_some() || last.activation != Activation::Identity {
            return None;
        }
        let factor = self.factor.as_ref().map_or(1.0, |f| f64::from(f.values()[0].abs()));
        Some(2.0 * factor * last.weights.absolute()?)
    }

    /// The network for enclosures, with constants that join the inputs of its first layer; `None` with batch-norm.
    pub fn enclosed(&self, common: Option<Enclosure>) -> Option<EnclosedNetwork> {
        let frequencies = self.frequencies.as_ref().map(affine);
        let layers = self.layers.iter().map(Layer::enclosed).collect::<Option<Vec<_>>>()?;
        let factor = self.factor.as_ref().map(|factor| f64::from(factor.values()[0]));
        Some(EnclosedNetwork { frequencies, common, layers, factor })
    }

    /// The facts about the network as a generator without noise.
    pub fn facts(&self) -> GeneratorFacts {
        let linear = self.layers.iter().all(|layer| layer.activation.is_piecewise_linear());
        GeneratorFacts {
            piecewise_linear: linear && self.frequencies.is_none(),
            couples_batch: self.layers.iter().any(|layer| layer.normal.is_some()),
            ..GeneratorFacts::unknown(0.0)
        }
    }
}

module!([] Network: frequencies, layers, factor);

/// `x -> F x` of the Fourier features.
fn affine(frequencies: &Parameter) -> Affine {
    let values: Vec<f64> = frequencies.values().into_iter().map(f64::from).collect();
    Affine::new(&values, vec![0.0; frequencies.shape()[0]], 0.0)
}

/// A Lipschitz constant of the features: of x itself, and for every frequency f of a point on a circle that turns by f x.
fn features_lipschitz(frequencies: Option<&Parameter>) -> f64 {
    frequencies.map_or(1.0, |frequencies| 1f64.hypot(affine(frequencies).norm()))
}

/// The product of the largest slopes of all activations.
fn slopes(layers: &[Layer]) -> f64 {
    layers.iter().map(|layer| layer.activation.lipschitz()).product()
}

/// Refuses hidden layers of a width that is 0 or beyond all use; the key is `hidden`.
pub fn check_widths(hidden: &[usize]) -> Result<(), ConfigError> {
    ConfigError::require(
        hidden.iter().all(|&w| (1..=65_536).contains(&w)),
        "hidden",
        format!("{hidden:?}"),
        "widths between 1 and 65536",
    )
}

/// Refuses a factor of the initial weights that is not a finite number > 0; the key is `init_gain`.
pub fn check_gain(gain: f64) -> Result<(), ConfigError> {
    ConfigError::require_positive("init_gain", gain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::Module;

    #[test]
    fn as_many_numbers_are_trained_as_the_network_has_and_no_width_is_too_large_to_count() {
        let hidden = [5, 7];
        let plain =
            NetworkOptions { extra: 4, fourier: (6, 1.0), ..NetworkOptions::plain(3, &hidden, 2, Parts::LOWER) };
        let [trained, kept] = plain.numbers();
        assert_eq!(trained, Network::new(&plain, Random::new(1)).parameter_count() as f64);
        // Inputs and features, and of both hidden layers the outputs and their slopes.
        assert_eq!(kept, f64::from(3 + 12 + 2 * (5 + 7)));
        let huge = [usize::MAX; 3];
        let found = NetworkOptions::plain(usize::MAX, &huge, usize::MAX, Parts::LOWER).numbers();
        assert!(found.iter().all(|numbers| numbers.is_finite() && *numbers > 1e19), "{found:?}");
    }
}
