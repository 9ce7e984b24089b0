//! Layers one after the other, on `[(1+K) B, values]` rows of images and tangents.

use super::layer::{self, Layer, Pass};
use super::layer_config::LayerConfig;
use crate::of_network::GeneratorNetwork;
use ebm_core::device::Matrix;
use ebm_core::error::ConfigError;
use ebm_core::kernels::Extent;
use ebm_core::models::GeneratorFacts;
use ebm_core::module;
use ebm_core::network::Start;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::tensor::rows;

/// A stack of layers, trained as one part of the system.
pub struct Stack {
    layers: Vec<Layer>,
    part: Parts,
}

module!([] Stack: layers);

impl Stack {
    /// Layers for `inputs`, with weights drawn from `random`; the parameters' names start with `layers`. They get gradients on
    /// a tape that trains `part`.
    pub(super) fn new(
        layers: &[LayerConfig],
        inputs: Extent,
        start: Start,
        part: Parts,
        random: Random,
    ) -> Result<Self, ConfigError> {
        Ok(Self { layers: layer::all(layers, inputs, "layers", true, start, random)?, part })
    }

    /// Channels of the first layer's output, which [`Stack::apply`] shifts.
    pub(super) fn first_channels(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.outputs.channels)
    }

    /// Applies the layers to `[(1+K) * primal, inputs]`: values in the first `primal` rows, K tangents of each below (see
    /// [`kernels`](ebm_core::kernels)). The rows and `tape` record to the same list. Batch statistics are used where there are
    /// no tangents and this stack is being trained.
    ///
    /// `shift` `[rows, first_channels]` is added to every pixel of the first layer's output, before its activation; or
    /// `[1, first_channels]` for all rows, where the tangents of the shift are 0.
    pub(super) fn apply(
        &self,
        mut x: Matrix<SharedTape>,
        mut shift: Option<Matrix<SharedTape>>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let trains = tape.trains(self.part);
        let pass = Pass { primal, trains, batch_statistics: trains && rows(&x) == primal, tape };
        for layer in &self.layers {
            x = layer.apply(x, shift.take(), pass);
        }
        x
    }
}

impl GeneratorNetwork for Stack {
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        self.apply(rows, None, primal, tape)
    }
    fn facts(&self) -> GeneratorFacts {
        let mut facts = GeneratorFacts::unknown(0.0);
        facts.piecewise_linear = self.layers.iter().all(Layer::is_piecewise_linear);
        facts.couples_batch = self.layers.iter().any(Layer::has_batch_norm);
        facts
    }
}
