use super::NetworkOptions;
use super::batch_norm::BatchNorm;
use super::enclosed::EnclosedLayer;
use super::weights::{Start, Weights};
use crate::device::Matrix;
use crate::kernels::dense::{Dense, dense};
use crate::kernels::{Activation, Epilogue};
use crate::module;
use crate::parameter::Parameter;
use crate::random::Random;
use crate::tape::SharedTape;

/// A dense layer, its activation, and batch-norm after it.
pub(super) struct Layer {
    pub weights: Weights,
    slope: Option<Parameter>,
    pub normal: Option<BatchNorm>,
    inputs: usize,
    outputs: usize,
    pub activation: Activation,
}

module!([] Layer: weights, slope, normal);

impl Layer {
    /// The layer of this index, of those that `options` ask for.
    pub fn new(index: usize, [outputs, inputs]: [usize; 2], options: &NetworkOptions<'_>, random: Random) -> Self {
        let name = format!("{}layers.{index}", options.prefix);
        let random = random.stream(&name);
        let last = index == options.hidden.len();
        let activation = if last { options.output_activation } else { options.activation };
        let (shape, linear) = (vec![outputs, inputs], activation == Activation::Identity);
        let limited = options.lipschitz > 0.0;
        let start = Start {
            init: options.init,
            gain: options.gain,
            spectral_norm: options.spectral_norm || limited,
            settled: limited,
        };
        Self {
            weights: Weights::new(&name, shape, [outputs, inputs], outputs, linear, start, random),
            slope: (activation == Activation::Prelu)
                .then(|| Parameter::trained(format!("{name}.slope"), vec![1], vec![0.25])),
            normal: (options.batch_norm && !last).then(|| BatchNorm::new(&format!("{name}.norm"), outputs)),
            inputs,
            outputs,
            activation,
        }
    }

    /// The layer for enclosures; `None` with batch-norm.
    pub fn enclosed(&self) -> Option<EnclosedLayer> {
        if self.normal.is_some() {
            return None;
        }
        let slope = self.slope.as_ref().map_or(0.0, |slope| f64::from(slope.values()[0]));
        Some(EnclosedLayer { map: self.weights.enclosed(self.inputs), activation: self.activation, slope })
    }

    /// `common` `[1, C]`: the layer's last inputs, where they are the same in every row; `batch_statistics`: normalise by this
    /// batch (no tangents), whose statistics become pending.
    pub fn apply(
        &self,
        x: Matrix<SharedTape>,
        common: Option<Matrix<SharedTape>>,
        primal: usize,
        tape: &SharedTape,
        trains: bool,
        batch_statistics: bool,
    ) -> Matrix<SharedTape> {
        let mut layer = Dense {
            weight: self.weights.weight(tape, trains),
            bias: Some(self.weights.bias()),
            slope: self.slope.as_ref().map(|p| p.tensor().clone()),
            inputs: self.inputs,
            outputs: self.outputs,
            activation: self.activation,
            trains,
        };
        if let Some(common) = common {
            layer = layer.with_common(common);
        }
        let y = dense(x, primal, layer);
        match &self.normal {
            Some(normal) => normal.apply(y, primal, Epilogue::Identity, trains, batch_statistics),
            None => y,
        }
    }
}
