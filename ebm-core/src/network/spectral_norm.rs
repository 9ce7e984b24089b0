//! Spectral norm: a matrix of weights divided by its largest singular value.

use std::sync::Mutex;

use crate::device::PerSample;
use crate::kernels::spectral::{SingularPair, normalised, power_iteration};
use crate::parameter::Parameter;
use crate::random::Random;
use crate::tape::SharedTape;

/// The vector by which the largest singular value of `[outputs, inputs]` weights is followed, a step of the power iteration
/// each time they are used (Miyato et al., ICLR 2018).
pub struct SpectralNorm {
    left: Parameter,
    pending: Mutex<Option<SingularPair>>,
}

impl SpectralNorm {
    /// `name`: that of the layer, before the parameter's own.
    pub fn new(name: &str, outputs: usize, random: Random) -> Self {
        let left = random.stream("spectral").normals(outputs);
        Self { left: Parameter::fixed(format!("{name}.spectral.left"), vec![outputs], left), pending: Mutex::new(None) }
    }

    /// The vector.
    pub fn parameter(&self) -> &Parameter {
        &self.left
    }

    /// The vector, to change.
    pub fn parameter_mut(&mut self) -> &mut Parameter {
        &mut self.left
    }

    /// The weights as the layer uses them; while it is trained, the vector moves with the next commit.
    pub fn apply(&self, weight: &Parameter, tape: &SharedTape, trains: bool) -> PerSample {
        let pair = power_iteration(weight.tensor(), self.left.tensor(), 1);
        let weight = normalised(weight.tensor(), &pair, tape, trains);
        if trains && let Ok(mut pending) = self.pending.lock() {
            *pending = Some(pair);
        }
        weight
    }

    /// Makes the pending vector permanent.
    pub fn commit(&mut self) {
        if let Some(pair) = self.pending.get_mut().ok().and_then(Option::take) {
            self.left.copy_from(&pair.left);
        }
    }
}
