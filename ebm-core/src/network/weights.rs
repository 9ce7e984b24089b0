use std::sync::Mutex;

use super::Init;
use crate::device::{PerSample, Real};
use crate::kernels::enclosure::Affine;
use crate::kernels::spectral::{SingularPair, normalised, power_iteration, spectral_norm};
use crate::parameter::{Module, Parameter};
use crate::random::Random;
use crate::tape::SharedTape;

/// Steps of the power iteration that weights with a limited slope start with: the largest singular value is known to a few digits then.
const SETTLING: usize = 64;

/// How weights start, and whether they are normalised.
#[derive(Clone, Copy)]
pub struct Start {
    /// How they are drawn.
    pub init: Init,
    /// Their factor.
    pub gain: f64,
    /// Divide them by their largest singular value.
    pub spectral_norm: bool,
    /// Find that value before the first step, instead of while they are trained.
    pub settled: bool,
}

/// Weights `[outputs, inputs]`, with biases.
///
/// With spectral norm, the weights are divided by their largest singular value, which is followed by a step of the power
/// iteration each time they are used (Miyato et al., ICLR 2018).
pub struct Weights {
    weight: Parameter,
    bias: Parameter,
    /// The left vector of the largest singular value.
    left: Option<Parameter>,
    pending: Mutex<Option<SingularPair>>,
}

impl Weights {
    /// Weights `[outputs, inputs]`, seen as `shape`, and one bias for each of `biases` channels. The parameters' names start
    /// with `name`; `linear`: no activation follows.
    pub fn new(
        name: &str,
        shape: Vec<usize>,
        [outputs, inputs]: [usize; 2],
        biases: usize,
        linear: bool,
        start: Start,
        random: Random,
    ) -> Self {
        let mut weight = start.init.weights(outputs, inputs, linear, random);
        weight.iter_mut().for_each(|w| *w *= start.gain as Real);
        let weight = Parameter::trained(format!("{name}.weight"), shape, weight);
        let left = || {
            let left = random.stream("spectral").normals(outputs);
            let mut left = Parameter::fixed(format!("{name}.spectral.left"), vec![outputs], left);
            if start.settled {
                let pair = power_iteration(weight.tensor(), left.tensor(), SETTLING);
                left.copy_from(&pair.left);
            }
            left
        };
        Self {
            left: start.spectral_norm.then(left),
            weight,
            bias: Parameter::trained(format!("{name}.bias"), vec![biases], start.init.biases(biases, inputs, random)),
            pending: Mutex::new(None),
        }
    }

    /// The weights as the layer uses them; while it is trained, the singular vector moves with the next commit.
    pub fn weight(&self, tape: &SharedTape, trains: bool) -> PerSample {
        let weight = self.weight.tensor();
        let Some(left) = &self.left else {
            return weight.clone();
        };
        let pair = power_iteration(weight, left.tensor(), 1);
        let weight = normalised(weight, &pair, tape, trains);
        if trains && let Ok(mut pending) = self.pending.lock() {
            *pending = Some(pair);
        }
        weight
    }

    /// The biases.
    pub fn bias(&self) -> PerSample {
        self.bias.tensor().clone()
    }

    /// The affine map of `inputs` numbers, with the weights as the layer uses them.
    pub(super) fn enclosed(&self, inputs: usize) -> Affine {
        let doubles = |parameter: &Parameter| parameter.values().into_iter().map(f64::from).collect::<Vec<_>>();
        let (mut weights, bias) = (doubles(&self.weight), doubles(&self.bias));
        let Some(left) = &self.left else {
            return Affine::new(&weights, bias, 0.0);
        };
        let (norm, error) = spectral_norm(&weights, &doubles(left), inputs);
        weights.iter_mut().for_each(|w| *w /= norm);
        Affine::new(&weights, bias, error)
    }

    /// Sum of the absolute weights of a layer with one output: a bound of |y - b| for inputs within [-1, 1], unless they are
    /// normalised.
    pub(super) fn absolute(&self) -> Option<f64> {
        self.left.is_none().then(|| self.weight.values().iter().map(|w| f64::from(w.abs())).sum())
    }
}

impl Module for Weights {
    fn parameters(&self) -> Vec<&Parameter> {
        [&self.weight, &self.bias].into_iter().chain(&self.left).collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        [&mut self.weight, &mut self.bias].into_iter().chain(&mut self.left).collect()
    }
    fn commit(&mut self) {
        let pending = self.pending.get_mut().ok().and_then(Option::take);
        if let (Some(left), Some(pair)) = (&mut self.left, pending) {
            left.copy_from(&pair.left);
        }
    }
}
