use super::layer_config::{ConvConfig, ConvTransposeConfig, LayerActivation, LayerConfig};
use super::shape;
use ebm_core::device::Matrix;
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
use ebm_core::network::{BatchNorm, Start, Weights};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;

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

/// A layer with its parameters.
pub(super) struct Layer {
    operation: Operation,
    inputs: Extent,
    pub outputs: Extent,
    activation: LayerActivation,
    /// The learned slope of a PReLU.
    slope: Option<Parameter>,
}

enum Operation {
    Linear(Weights),
    Conv(Weights, ConvConfig),
    ConvTranspose(Weights, ConvTransposeConfig),
    BatchNorm(Box<BatchNorm>),
    /// Only the activation.
    Nothing,
    UpSample(usize),
    AveragePool(usize),
    SumPool,
    /// The main branch and the shortcut.
    Residual(Vec<Layer>, Vec<Layer>),
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
        let (random, channels, activation) = (random.stream(name), inputs.channels, config.activation());
        let weights = |shape, sizes, biases| {
            let linear = last && activation == LayerActivation::Identity;
            Weights::new(name, shape, sizes, biases, linear, start, random)
        };
        let branch = |layers, which| all(layers, inputs, &format!("{name}.{which}"), false, start, random);
        let operation = match config {
            LayerConfig::Linear(_) => {
                let sizes = [outputs.len(), inputs.len()];
                Operation::Linear(weights(sizes.into(), sizes, outputs.len()))
            }
            LayerConfig::Conv(c) => {
                let (shape, sizes) = (vec![c.to, c.kernel, c.kernel, channels], [c.to, c.kernel * c.kernel * channels]);
                Operation::Conv(weights(shape, sizes, c.to), c.clone())
            }
            LayerConfig::ConvTranspose(c) => {
                // As PyTorch counts the inputs of a transposed convolution.
                let (shape, sizes) = (vec![channels, c.kernel, c.kernel, c.to], [channels, c.kernel * c.kernel * c.to]);
                Operation::ConvTranspose(weights(shape, sizes, c.to), c.clone())
            }
            LayerConfig::BatchNorm(_) => Operation::BatchNorm(Box::new(BatchNorm::new(name, channels))),
            LayerConfig::Activation(_) => Operation::Nothing,
            LayerConfig::UpSample(c) => Operation::UpSample(c.factor),
            LayerConfig::AveragePool(c) => Operation::AveragePool(c.factor),
            LayerConfig::SumPool(_) => Operation::SumPool,
            LayerConfig::Residual(c) => {
                Operation::Residual(branch(&c.layers, "main")?, branch(&c.shortcut, "shortcut")?)
            }
        };
        let slope = (activation == LayerActivation::Prelu)
            .then(|| Parameter::trained(format!("{name}.slope"), vec![1], vec![0.25]));
        Ok(Self { operation, inputs, outputs, activation, slope })
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
        let (inputs, outputs) = (self.inputs, self.outputs);
        match &self.operation {
            Operation::Linear(weights) => {
                let layer = Dense {
                    weight: weights.weight(pass.tape, trains),
                    bias: Some(weights.bias()),
                    slope: None,
                    inputs: inputs.len(),
                    outputs: outputs.len(),
                    activation: Activation::Identity,
                    trains,
                };
                dense(x, primal, layer)
            }
            Operation::Conv(weights, c) => {
                let layer = Conv {
                    weight: weights.weight(pass.tape, trains),
                    bias: Some(weights.bias()),
                    inputs,
                    outputs: c.to,
                    kernel: c.kernel,
                    stride: c.stride,
                    padding: shape::padding(c.padding, c.kernel),
                    epilogue,
                    trains,
                };
                conv(x, primal, &layer)
            }
            Operation::ConvTranspose(weights, c) => {
                let layer = Conv {
                    weight: weights.weight(pass.tape, trains),
                    bias: Some(weights.bias()),
                    inputs,
                    outputs: c.to,
                    kernel: c.kernel,
                    stride: c.stride,
                    padding: shape::padding(c.padding, c.kernel),
                    epilogue,
                    trains,
                };
                conv_transpose(x, primal, &layer, c.output_padding)
            }
            Operation::BatchNorm(norm) => norm.apply(x, primal, epilogue, trains, pass.batch_statistics),
            Operation::Nothing => x,
            Operation::UpSample(factor) => up_sample(x, inputs, *factor),
            Operation::AveragePool(factor) => average_pool(x, inputs, *factor),
            Operation::SumPool => sum_pool(x, inputs),
            Operation::Residual(main, shortcut) => {
                let through = |x, layers: &[Layer]| layers.iter().fold(x, |x, layer| layer.apply(x, None, pass));
                add(through(x.clone(), main), through(x, shortcut))
            }
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
            Operation::Residual(main, shortcut) => (main, shortcut),
            _ => (&[], &[]),
        };
        main.iter().chain(shortcut)
    }

    /// What has parameters.
    fn parts(&self) -> Vec<&dyn Module> {
        let mut parts: Vec<&dyn Module> = match &self.operation {
            Operation::Linear(weights) | Operation::Conv(weights, _) | Operation::ConvTranspose(weights, _) => {
                vec![weights]
            }
            Operation::BatchNorm(norm) => vec![&**norm],
            Operation::Residual(main, shortcut) => vec![main, shortcut],
            _ => Vec::new(),
        };
        parts.push(&self.slope);
        parts
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Module> {
        let mut parts: Vec<&mut dyn Module> = match &mut self.operation {
            Operation::Linear(weights) | Operation::Conv(weights, _) | Operation::ConvTranspose(weights, _) => {
                vec![weights]
            }
            Operation::BatchNorm(norm) => vec![&mut **norm],
            Operation::Residual(main, shortcut) => vec![main, shortcut],
            _ => Vec::new(),
        };
        parts.push(&mut self.slope);
        parts
    }
}

impl Module for Layer {
    fn parameters(&self) -> Vec<&Parameter> {
        self.parts().into_iter().flat_map(|part| part.parameters()).collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.parts_mut().into_iter().flat_map(|part| part.parameters_mut()).collect()
    }
    fn commit(&mut self) {
        self.parts_mut().into_iter().for_each(|part| part.commit());
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
        let inputs = layers.last().map_or(inputs, |layer| layer.outputs);
        let last = last && index + 1 == configs.len();
        layers.push(Layer::new(config, inputs, &format!("{name}.{index}"), last, start, random)?);
    }
    Ok(layers)
}
