//! Layers one after the other, on `[(1+K) B, values]` rows of images and tangents.

use super::layer::{self, Layer, Pass, Start};
use super::layer_config::LayerConfig;
use super::shape;
use crate::device::Matrix;
use crate::error::ConfigError;
use crate::kernels::Extent;
use crate::models::mlp::Init;
use crate::models::of_network::GeneratorNetwork;
use crate::parameter::{Module, Parameter};
use crate::random::Random;
use crate::tape::{Parts, SharedTape};

/// A stack of layers, trained as one part of the system.
///
/// ```
/// use dfdx::prelude::*;
/// use ebm_core::device::{Matrix, device, values};
/// use ebm_core::kernels::Extent;
/// use ebm_core::models::conv::{ConvEnergyConfig, Stack, StackOptions};
/// use ebm_core::models::mlp::Init;
/// use ebm_core::parameter::Module;
/// use ebm_core::random::Random;
/// use ebm_core::tape::{Parts, SharedTape};
///
/// // Two channels of every pixel, 2 x and 1 - x, and their sums over the image.
/// let config: ConvEnergyConfig = toml::from_str("layers = [{ conv = { to = 2, kernel = 1 } }, { sum_pool = {} }]")?;
/// let options = StackOptions {
///     layers: &config.layers,
///     inputs: Extent::new(2, 2, 1),
///     init: Init::Uniform,
///     gain: 1.0,
///     spectral_norm: false,
///     part: Parts::ENERGY,
/// };
/// let mut stack = Stack::new(&options, Random::new(0))?;
/// stack.parameters_mut()[0].set(&[2.0, -1.0]);
/// stack.parameters_mut()[1].set(&[0.0, 1.0]);
///
/// // An image, and a direction below it: what is made of that has no biases.
/// let rows: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0, 1.0, 0.0, 0.0, 5.0], (2, 4));
/// let off = SharedTape::off();
/// let outputs = stack.apply(off.watch(&rows), 1, &off);
/// assert_eq!(values(&outputs), [2.0 * 10.0, 4.0 - 10.0, 2.0 * 6.0, -6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stack {
    layers: Vec<Layer>,
    inputs: Extent,
    part: Parts,
}

/// What a [`Stack`] is made of.
///
/// ```
/// use ebm_core::kernels::Extent;
/// use ebm_core::models::conv::{ConvEnergyConfig, StackOptions};
/// use ebm_core::models::mlp::Init;
/// use ebm_core::tape::Parts;
///
/// // Kernels of 3x3 and of 4x4 at every second pixel: halves, rounded up where the kernel is odd.
/// let config: ConvEnergyConfig =
///     toml::from_str("layers = [{ conv = { to = 8, stride = 2 } }, { conv = { to = 16, kernel = 4, stride = 2 } }]")?;
/// let options = StackOptions {
///     layers: &config.layers,
///     inputs: Extent::new(7, 6, 3),
///     init: Init::Kaiming,
///     gain: 1.0,
///     spectral_norm: false,
///     part: Parts::ENERGY,
/// };
/// assert_eq!(options.outputs()?, Extent::new(2, 1, 16));
///
/// // A layer that does not fit is named: with a zero on each side, 1x2x8 is 3 high, less than the kernel.
/// let flat = StackOptions { inputs: Extent::new(2, 4, 3), ..options };
/// assert_eq!(flat.outputs().unwrap_err().key, "layers[1].conv.kernel");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StackOptions<'a> {
    /// The layers, from the input to the output.
    pub layers: &'a [LayerConfig],
    /// What the first layer gets.
    pub inputs: Extent,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    pub gain: f64,
    /// Divide the weights of every layer, as a matrix of outputs and inputs, by its largest singular value.
    pub spectral_norm: bool,
    /// The part of the system that the parameters belong to: they get gradients on a tape that trains it.
    pub part: Parts,
}

impl StackOptions<'_> {
    /// The size of what the last layer makes of the inputs.
    ///
    /// # Errors
    /// If a layer does not fit what it gets: its place, and what it needs. Keys start with `layers`.
    pub fn outputs(&self) -> Result<Extent, ConfigError> {
        shape::after_all(self.layers, self.inputs, "layers")
    }
}

impl Stack {
    /// Layers with weights drawn from `random`; the parameters' names start with `layers`.
    ///
    /// # Errors
    /// Those of [`StackOptions::outputs`].
    pub fn new(options: &StackOptions<'_>, random: Random) -> Result<Self, ConfigError> {
        options.outputs()?;
        let start = Start {
            init: options.init,
            gain: options.gain,
            spectral_norm: options.spectral_norm,
        };
        Ok(Self {
            layers: layer::all(options.layers, options.inputs, "layers", true, start, random)?,
            inputs: options.inputs,
            part: options.part,
        })
    }

    /// The size of what it makes of its inputs.
    pub fn outputs(&self) -> Extent {
        self.layers.last().map_or(self.inputs, Layer::outputs)
    }

    /// Channels of the first layer's output, which [`Stack::apply_with`] shifts.
    pub fn first_channels(&self) -> usize {
        self.layers.first().map_or(self.inputs, Layer::outputs).channels
    }

    /// Applies the layers to `[(1+K) * primal, inputs]`: values in the first `primal` rows, K tangents of each below (see
    /// [`kernels`](crate::kernels)). The rows and `tape` record to the same list. Batch statistics are used where there are
    /// no tangents and this stack is being trained.
    pub fn apply(&self, x: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        self.apply_with(x, None, primal, tape)
    }

    /// The same with `shift` `[rows, first_channels]` added to every pixel of the first layer's output, before its activation;
    /// or `[1, first_channels]` for all rows, where the tangents of the shift are 0.
    pub fn apply_with(
        &self,
        mut x: Matrix<SharedTape>,
        mut shift: Option<Matrix<SharedTape>>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        use dfdx::prelude::HasShape;
        let trains = tape.trains(self.part);
        let pass = Pass {
            primal,
            trains,
            batch_statistics: trains && x.shape().0 == primal,
            tape,
        };
        for layer in &self.layers {
            x = layer.apply(x, shift.take(), pass);
        }
        x
    }
}

impl GeneratorNetwork for Stack {
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        self.apply(rows, primal, tape)
    }
    fn is_piecewise_linear(&self) -> bool {
        self.layers.iter().all(Layer::is_piecewise_linear)
    }
    fn couples_batch(&self) -> bool {
        self.layers.iter().any(Layer::has_batch_norm)
    }
}

impl Module for Stack {
    fn parameters(&self) -> Vec<&Parameter> {
        self.layers.iter().flat_map(Layer::parameters).collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.layers.iter_mut().flat_map(Layer::parameters_mut).collect()
    }
    fn commit(&mut self) {
        self.layers.iter_mut().for_each(Layer::commit);
    }
}
