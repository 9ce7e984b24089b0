use std::sync::Mutex;

use crate::device::{Matrix, Real};
use crate::kernels::Epilogue;
use crate::kernels::batch_norm::{self, Statistics, batch_norm, move_running, statistics};
use crate::parameter::{Module, Parameter};
use crate::tape::SharedTape;
use crate::tensor::width;

/// Share of a new batch in the running statistics.
const MOMENTUM: Real = 0.1;

/// Batch-norm of the channels of a network's layer.
pub struct BatchNorm {
    gamma: Parameter,
    beta: Parameter,
    mean: Parameter,
    variance: Parameter,
    /// Statistics of the last training batch and the number of values behind each, until the step is applied.
    pending: Mutex<Option<(Statistics, usize)>>,
}

impl BatchNorm {
    /// A layer that changes nothing yet; its parameters' names start with `name`.
    pub fn new(name: &str, channels: usize) -> Self {
        let array = |new: fn(String, Vec<usize>, Vec<Real>) -> Parameter, what: &str, value: Real| {
            new(format!("{name}.{what}"), vec![channels], vec![value; channels])
        };
        Self {
            gamma: array(Parameter::trained, "weight", 1.0),
            beta: array(Parameter::trained, "bias", 0.0),
            mean: array(Parameter::fixed, "running_mean", 0.0),
            variance: array(Parameter::fixed, "running_variance", 1.0),
            pending: Mutex::new(None),
        }
    }

    /// Normalises rows of values and tangents. `batch_statistics`: by the statistics of this batch (no tangents), which become
    /// pending.
    pub fn apply(
        &self,
        x: Matrix<SharedTape>,
        primal: usize,
        epilogue: Epilogue,
        trains: bool,
        batch_statistics: bool,
    ) -> Matrix<SharedTape> {
        let channels = self.gamma.len();
        let used = if batch_statistics {
            let own = statistics(&x, channels);
            if let Ok(mut pending) = self.pending.lock() {
                *pending = Some((own.clone(), primal * (width(&x) / channels)));
            }
            own
        } else {
            Statistics { mean: self.mean.tensor().clone(), variance: self.variance.tensor().clone() }
        };
        let layer = batch_norm::BatchNorm {
            statistics: &used,
            of_this_batch: batch_statistics,
            gamma: self.gamma.tensor(),
            beta: self.beta.tensor(),
            epilogue,
            trains,
        };
        batch_norm(x, primal, layer)
    }
}

impl Module for BatchNorm {
    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.gamma, &self.beta, &self.mean, &self.variance]
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.gamma, &mut self.beta, &mut self.mean, &mut self.variance]
    }
    fn commit(&mut self) {
        let Some((own, count)) = self.pending.get_mut().ok().and_then(Option::take) else {
            return;
        };
        // The running variance is the unbiased one, as is customary.
        let unbias = count as Real / (count.max(2) - 1) as Real;
        move_running(&mut self.mean, &own.mean, MOMENTUM, 1.0);
        move_running(&mut self.variance, &own.variance, MOMENTUM, unbias);
    }
}
