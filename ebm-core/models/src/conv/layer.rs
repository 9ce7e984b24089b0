//! A layer with its parameters.

use super::layer_config::{LayerActivation, LayerConfig};
use super::shape;
use ebm_core::device::{Matrix, PerSample, Real};
use ebm_core::error::ConfigError;
use ebm_core::kernels::activation::activate;
use ebm_core::kernels::add::add;
use ebm_core::kernels::channel_shift::channel_shift;
use ebm_core::kernels::conv::{Conv, conv, conv_transpose};
use ebm_core::kernels::dense::{Dense, dense};
use ebm_core::kernels::epilogue::end;
use ebm_core::kernels::resample::{average_pool, up_sample};
use ebm_core::kernels::sum_pool::sum_pool;
use ebm_core::kernels::{Activation, Epilogue, Extent};
use ebm_core::network::Init;
use ebm_core::network::batch_norm::BatchNorm;
use ebm_core::network::spectral_norm::SpectralNorm;
use ebm_core::parameter::Parameter;
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;

/// How weights start.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub init: Init,
    pub gain: f64,
    /// Whether weights are divided by their largest singular value.
    pub spectral_norm: bool,
}

/// The settings of a pass through the layers.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    /// Rows of values.
    pub primal: usize,
    /// Whether the parameters want gradients.
    pub trains: bool,
    /// Whether batch-norm uses the statistics of these rows.
    pub batch_statistics: bool,
    /// The tape that functions of the weights are recorded on.
    pub tape: &'a SharedTape,
}

pub(super) struct Layer {
    operation: Operation,
    inputs: Extent,
    outputs: Extent,
    activation: LayerActivation,
    /// The learned slope of a PReLU.
    slope: Option<Parameter>,
}

enum Operation {
    Linear(Weights),
    Conv {
        weights: Weights,
        kernel: usize,
        stride: usize,
        padding: usize,
    },
    ConvTranspose {
        weights: Weights,
        kernel: usize,
        stride: usize,
        padding: usize,
        output_padding: usize,
    },
    BatchNorm(Box<BatchNorm>),
    /// Only the activation.
    Nothing,
    UpSample(usize),
    AveragePool(usize),
    SumPool,
    Residual {
        main: Vec<Layer>,
        shortcut: Vec<Layer>,
    },
}

struct Weights {
    weight: Parameter,
    bias: Parameter,
    spectral: Option<SpectralNorm>,
}

impl Weights {
    /// `[outputs, inputs]` weights, seen as `shape`, and one bias for each of `biases` channels.
    fn new(
        name: &str,
        shape: Vec<usize>,
        (outputs, inputs): (usize, usize),
        biases: usize,
        linear: bool,
        start: Start,
        random: Random,
    ) -> Self {
        let (mut weight, _) = start.init.draw(outputs, inputs, linear, random);
        weight.iter_mut().for_each(|w| *w *= start.gain as Real);
        Self {
            weight: Parameter::trained(format!("{name}.weight"), shape, weight),
            bias: Parameter::trained(format!("{name}.bias"), vec![biases], start.init.biases(biases, inputs, random)),
            spectral: start.spectral_norm.then(|| SpectralNorm::new(name, outputs, random)),
        }
    }

    /// The weights as the layer uses them.
    fn of_pass(&self, pass: Pass<'_>) -> PerSample {
        match &self.spectral {
            Some(spectral) => spectral.apply(&self.weight, pass.tape, pass.trains),
            None => self.weight.tensor().clone(),
        }
    }

    fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        let spectral = self.spectral.as_ref().map(SpectralNorm::parameter);
        [&self.weight, &self.bias].into_iter().chain(spectral)
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter> {
        let spectral = self.spectral.as_mut().map(SpectralNorm::parameter_mut);
        [&mut self.weight, &mut self.bias].into_iter().chain(spectral)
    }
}

impl Layer {
    /// `last`: nothing follows, so that a layer without activation is a linear output.
    pub fn new(
        config: &LayerConfig,
        inputs: Extent,
        name: &str,
        last: bool,
        start: Start,
        random: Random,
    ) -> Result<Self, ConfigError> {
        let outputs = shape::after(config, inputs, name)?;
        let (random, channels) = (random.stream(name), inputs.channels);
        let linear = |activation| last && activation == LayerActivation::Identity;
        let (operation, activation) = match config {
            LayerConfig::Linear(c) => {
                let sizes = (outputs.len(), inputs.len());
                let shape = vec![sizes.0, sizes.1];
                let weights = Weights::new(name, shape, sizes, sizes.0, linear(c.activation), start, random);
                (Operation::Linear(weights), c.activation)
            }
            LayerConfig::Conv(c) => {
                let sizes = (c.to, c.kernel * c.kernel * channels);
                let shape = vec![c.to, c.kernel, c.kernel, channels];
                let operation = Operation::Conv {
                    weights: Weights::new(name, shape, sizes, c.to, linear(c.activation), start, random),
                    kernel: c.kernel,
                    stride: c.stride,
                    padding: shape::padding(c.padding, c.kernel),
                };
                (operation, c.activation)
            }
            LayerConfig::ConvTranspose(c) => {
                // As PyTorch counts the inputs of a transposed convolution.
                let sizes = (channels, c.kernel * c.kernel * c.to);
                let shape = vec![channels, c.kernel, c.kernel, c.to];
                let operation = Operation::ConvTranspose {
                    weights: Weights::new(name, shape, sizes, c.to, linear(c.activation), start, random),
                    kernel: c.kernel,
                    stride: c.stride,
                    padding: shape::padding(c.padding, c.kernel),
                    output_padding: c.output_padding,
                };
                (operation, c.activation)
            }
            LayerConfig::BatchNorm(c) => {
                let norm = BatchNorm::new(name, channels);
                (Operation::BatchNorm(Box::new(norm)), c.activation)
            }
            LayerConfig::Activation(activation) => (Operation::Nothing, *activation),
            LayerConfig::UpSample(c) => (Operation::UpSample(c.factor), LayerActivation::Identity),
            LayerConfig::AveragePool(c) => (Operation::AveragePool(c.factor), LayerActivation::Identity),
            LayerConfig::SumPool(_) => (Operation::SumPool, LayerActivation::Identity),
            LayerConfig::Residual(c) => {
                let operation = Operation::Residual {
                    main: all(&c.layers, inputs, &format!("{name}.main"), false, start, random)?,
                    shortcut: all(&c.shortcut, inputs, &format!("{name}.shortcut"), false, start, random)?,
                };
                (operation, LayerActivation::Identity)
            }
        };
        let slope = (activation == LayerActivation::Prelu)
            .then(|| Parameter::trained(format!("{name}.slope"), vec![1], vec![0.25]));
        Ok(Self { operation, inputs, outputs, activation, slope })
    }

    pub fn outputs(&self) -> Extent {
        self.outputs
    }

    /// `shift`: joins the channels before the activation, `[rows, channels]` or `[1, channels]` for all rows of values.
    pub fn apply(
        &self,
        x: Matrix<SharedTape>,
        shift: Option<Matrix<SharedTape>>,
        pass: Pass<'_>,
    ) -> Matrix<SharedTape> {
        let Pass { primal, trains, .. } = pass;
        let (epilogue, separate) = self.activation.split();
        let within = if shift.is_none() { epilogue } else { Epilogue::Identity };
        let (mut y, mut rest) = (self.operate(x, within, pass), Epilogue::Identity);
        if matches!(self.operation, Operation::Linear(_) | Operation::Nothing) {
            rest = within;
        }
        if let Some(shift) = shift {
            y = channel_shift(y, shift, primal);
            rest = epilogue;
        }
        y = end(y, primal, rest);
        let slope = self.slope.as_ref().map(Parameter::tensor);
        activate(y, primal, separate, slope, trains)
    }

    /// The operation, with its epilogue where it can have one.
    fn operate(&self, x: Matrix<SharedTape>, epilogue: Epilogue, pass: Pass<'_>) -> Matrix<SharedTape> {
        let Pass { primal, trains, .. } = pass;
        let (inputs, outputs) = (self.inputs, self.outputs.channels);
        match &self.operation {
            Operation::Linear(weights) => {
                let layer = Dense {
                    weight: weights.of_pass(pass),
                    bias: Some(weights.bias.tensor().clone()),
                    slope: None,
                    inputs: inputs.len(),
                    outputs: self.outputs.len(),
                    activation: Activation::Identity,
                    trains,
                };
                dense(x, primal, layer)
            }
            Operation::Conv { weights, kernel, stride, padding } => {
                let layer = Conv {
                    weight: weights.of_pass(pass),
                    bias: Some(weights.bias.tensor().clone()),
                    inputs,
                    outputs,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    epilogue,
                    trains,
                };
                conv(x, primal, &layer)
            }
            Operation::ConvTranspose { weights, kernel, stride, padding, output_padding } => {
                let layer = Conv {
                    weight: weights.of_pass(pass),
                    bias: Some(weights.bias.tensor().clone()),
                    inputs,
                    outputs,
                    kernel: *kernel,
                    stride: *stride,
                    padding: *padding,
                    epilogue,
                    trains,
                };
                conv_transpose(x, primal, &layer, *output_padding)
            }
            Operation::BatchNorm(norm) => norm.apply(x, primal, epilogue, trains, pass.batch_statistics),
            Operation::Nothing => x,
            Operation::UpSample(factor) => up_sample(x, inputs, *factor),
            Operation::AveragePool(factor) => average_pool(x, inputs, *factor),
            Operation::SumPool => sum_pool(x, inputs),
            Operation::Residual { main, shortcut } => {
                let through = |x, layers: &[Layer]| layers.iter().fold(x, |x, layer| layer.apply(x, None, pass));
                add(through(x.clone(), main), through(x, shortcut))
            }
        }
    }

    pub fn parameters(&self) -> Vec<&Parameter> {
        let mut own: Vec<&Parameter> = match &self.operation {
            Operation::Linear(w) | Operation::Conv { weights: w, .. } | Operation::ConvTranspose { weights: w, .. } => {
                w.parameters().collect()
            }
            Operation::BatchNorm(norm) => norm.parameters().into(),
            Operation::Residual { main, shortcut } => main.iter().chain(shortcut).flat_map(Layer::parameters).collect(),
            _ => Vec::new(),
        };
        own.extend(&self.slope);
        own
    }

    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut own: Vec<&mut Parameter> = match &mut self.operation {
            Operation::Linear(w) | Operation::Conv { weights: w, .. } | Operation::ConvTranspose { weights: w, .. } => {
                w.parameters_mut().collect()
            }
            Operation::BatchNorm(norm) => norm.parameters_mut().into(),
            Operation::Residual { main, shortcut } => {
                main.iter_mut().chain(shortcut).flat_map(Layer::parameters_mut).collect()
            }
            _ => Vec::new(),
        };
        own.extend(&mut self.slope);
        own
    }

    pub fn commit(&mut self) {
        match &mut self.operation {
            Operation::Linear(w) | Operation::Conv { weights: w, .. } | Operation::ConvTranspose { weights: w, .. } => {
                w.spectral.iter_mut().for_each(SpectralNorm::commit);
            }
            Operation::BatchNorm(norm) => norm.commit(),
            Operation::Residual { main, shortcut } => main.iter_mut().chain(shortcut).for_each(Layer::commit),
            _ => {}
        }
    }

    /// Whether the derivative is piecewise constant.
    pub fn is_piecewise_linear(&self) -> bool {
        self.activation.is_piecewise_linear() && self.branches().all(Layer::is_piecewise_linear)
    }

    /// Whether it normalises by its batch while it is trained.
    pub fn has_batch_norm(&self) -> bool {
        matches!(self.operation, Operation::BatchNorm(_)) || self.branches().any(Layer::has_batch_norm)
    }

    fn branches(&self) -> impl Iterator<Item = &Layer> {
        let (main, shortcut): (&[Layer], &[Layer]) = match &self.operation {
            Operation::Residual { main, shortcut } => (main, shortcut),
            _ => (&[], &[]),
        };
        main.iter().chain(shortcut)
    }
}

/// The layers of a list; `last`: nothing follows them.
pub(super) fn all(
    configs: &[LayerConfig],
    inputs: Extent,
    name: &str,
    last: bool,
    start: Start,
    random: Random,
) -> Result<Vec<Layer>, ConfigError> {
    let mut layers: Vec<Layer> = Vec::with_capacity(configs.len());
    for (index, config) in configs.iter().enumerate() {
        let inputs = layers.last().map_or(inputs, Layer::outputs);
        let last = last && index + 1 == configs.len();
        let name = format!("{name}.{index}");
        layers.push(Layer::new(config, inputs, &name, last, start, random)?);
    }
    Ok(layers)
}
