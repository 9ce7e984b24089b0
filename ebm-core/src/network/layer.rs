//! One layer: dense, activation, batch-norm, spectral norm.

use super::batch_norm::BatchNorm;
use super::spectral_norm::SpectralNorm;
use crate::device::{Matrix, Real};
use crate::kernels::dense::{Dense, dense};
use crate::kernels::{Activation, Epilogue};
use crate::parameter::Parameter;
use crate::random::Random;
use crate::tape::{Parts, SharedTape};

use super::Init;

/// The options of a layer.
#[derive(Clone, Copy)]
pub(super) struct LayerOptions {
    pub inputs: usize,
    pub outputs: usize,
    pub activation: Activation,
    pub batch_norm: bool,
    pub spectral_norm: bool,
    pub bias: bool,
    pub init: Init,
    pub gain: f64,
}

pub(super) struct Layer {
    options: LayerOptions,
    weight: Parameter,
    bias: Option<Parameter>,
    slope: Option<Parameter>,
    normal: Option<BatchNorm>,
    spectral: Option<SpectralNorm>,
}

impl Layer {
    pub fn new(name: &str, options: LayerOptions, random: Random) -> Self {
        let LayerOptions { inputs, outputs, .. } = options;
        let (mut weight, bias) = options.init.draw(outputs, inputs, options.activation == Activation::Identity, random);
        weight.iter_mut().for_each(|w| *w *= options.gain as Real);
        let column = vec![outputs];
        let trained = |what: &str, values| Parameter::trained(format!("{name}.{what}"), column.clone(), values);
        Self {
            weight: Parameter::trained(format!("{name}.weight"), vec![outputs, inputs], weight),
            bias: options.bias.then(|| trained("bias", bias)),
            slope: (options.activation == Activation::Prelu)
                .then(|| Parameter::trained(format!("{name}.slope"), vec![1], vec![0.25])),
            normal: options.batch_norm.then(|| BatchNorm::new(&format!("{name}.norm"), outputs)),
            spectral: options.spectral_norm.then(|| SpectralNorm::new(name, outputs, random)),
            options,
        }
    }

    pub fn parameters(&self) -> Vec<&Parameter> {
        let mut all = vec![&self.weight];
        all.extend(&self.bias);
        all.extend(&self.slope);
        if let Some(n) = &self.normal {
            all.extend(n.parameters());
        }
        all.extend(self.spectral.as_ref().map(SpectralNorm::parameter));
        all
    }

    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = vec![&mut self.weight];
        all.extend(&mut self.bias);
        all.extend(&mut self.slope);
        if let Some(n) = &mut self.normal {
            all.extend(n.parameters_mut());
        }
        all.extend(self.spectral.as_mut().map(SpectralNorm::parameter_mut));
        all
    }

    /// `common` `[1, C]`: the layer's last inputs, where they are the same in every row; `batch_statistics`: normalise by this
    /// batch (no tangents), whose statistics become pending.
    pub fn apply(
        &self,
        x: Matrix<SharedTape>,
        common: Option<Matrix<SharedTape>>,
        primal: usize,
        tape: &SharedTape,
        part: Parts,
        batch_statistics: bool,
    ) -> Matrix<SharedTape> {
        let trains = tape.trains(part);
        let weight = match &self.spectral {
            None => self.weight.tensor().clone(),
            Some(spectral) => spectral.apply(&self.weight, tape, trains),
        };
        let mut layer = Dense {
            weight,
            bias: self.bias.as_ref().map(|p| p.tensor().clone()),
            slope: self.slope.as_ref().map(|p| p.tensor().clone()),
            inputs: self.options.inputs,
            outputs: self.options.outputs,
            activation: self.options.activation,
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

    /// Makes the pending statistics and singular vectors permanent.
    pub fn commit(&mut self) {
        if let Some(normal) = &mut self.normal {
            normal.commit();
        }
        if let Some(spectral) = &mut self.spectral {
            spectral.commit();
        }
    }

    /// Sum of the absolute weights of a layer with one output: a bound of |y - b| for inputs within [-1, 1].
    pub fn absolute_weight(&self) -> f64 {
        self.weight.values().iter().map(|w| f64::from(w.abs())).sum()
    }

    pub fn options(&self) -> &LayerOptions {
        &self.options
    }
}
