//! Refusing what is not finite.

use super::TrainError;
use crate::optim::{Adam, Gradient};
use crate::parameter::Module;

/// Refuses what is not finite, in the name of an iteration.
#[derive(Clone, Copy)]
pub(super) struct Check {
    /// The iteration, counted from 1.
    pub step: u64,
}

impl Check {
    pub fn finite(self, term: &str, value: f64) -> Result<f64, TrainError> {
        if value.is_finite() {
            return Ok(value);
        }
        Err(TrainError::NonFinite {
            step: self.step,
            term: term.into(),
            value,
            // Who puts the models back fills this in.
            restored: 0,
            advice: "Try a smaller learning rate, clipping (optimizer.clip), or a stronger upper bound.".into(),
        })
    }

    /// Updates the modules, each named by its gradient, or none of them if one is not finite. Returns the norm of the
    /// first one's gradient.
    pub fn update<const N: usize>(
        self,
        factor: f64,
        modules: [(&str, &mut dyn Module, &mut Adam, Gradient); N],
    ) -> Result<f64, TrainError> {
        let norms: Vec<f64> = modules.iter().map(|(.., gradient)| gradient.norm()).collect();
        for ((term, ..), norm) in modules.iter().zip(&norms) {
            self.finite(term, *norm)?;
        }
        for ((_, module, optimizer, gradient), norm) in modules.into_iter().zip(&norms) {
            optimizer.apply(module, &gradient, *norm, factor);
            module.commit();
        }
        Ok(norms.first().copied().unwrap_or(0.0))
    }
}
