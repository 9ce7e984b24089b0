//! Layers one after the other, on `[(1+K) B, values]` rows of images and tangents.

use super::layer::{self, Layer, Pass, Start};
use super::layer_config::LayerConfig;
use super::shape;
use crate::of_network::GeneratorNetwork;
use ebm_core::device::Matrix;
use ebm_core::error::ConfigError;
use ebm_core::kernels::Extent;
use ebm_core::network::Init;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};

/// A stack of layers, trained as one part of the system.
pub struct Stack {
    layers: Vec<Layer>,
    inputs: Extent,
    part: Parts,
}

/// The make of a [`Stack`].
#[derive(Clone, Copy, Debug)]
pub struct StackOptions<'a> {
    /// The layers, from the input to the output.
    pub layers: &'a [LayerConfig],
    /// The extent of the input.
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
        let start = Start { init: options.init, gain: options.gain, spectral_norm: options.spectral_norm };
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
    /// [`kernels`](ebm_core::kernels)). The rows and `tape` record to the same list. Batch statistics are used where there are
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
        let pass = Pass { primal, trains, batch_statistics: trains && x.shape().0 == primal, tape };
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
