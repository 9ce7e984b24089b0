//! Updates with finite gradients only.

use crate::optim::{Gradient, Optimizer};
use crate::{data_parallel::Ranks, error::TrainError};
use ebm_core::parameter::Module;

/// Refuses a value that is not finite; the error names the iteration `step`, counted from 1, and the term.
pub(crate) fn finite(step: u64, term: &str, value: f64) -> Result<f64, TrainError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(TrainError::NonFinite {
        step,
        term: term.into(),
        value,
        // Filled in where the models are put back.
        restored: 0,
        advice: "Try a smaller learning rate, clipping (optimizer.clip), or a stronger upper bound.".into(),
    })
}

/// Updates the modules, each named by its gradient, or none of them if one is not finite or a rank has none. Returns the norm of
/// the first one's gradient.
///
/// The gradients are this rank's; the update is by their mean over the ranks.
pub(crate) fn update<const N: usize>(
    step: u64,
    ranks: &Ranks,
    factor: f64,
    modules: [(&str, &mut dyn Module, &mut dyn Optimizer); N],
    gradients: Result<[Gradient; N], TrainError>,
) -> Result<f64, TrainError> {
    // Number of values in the gradient of each trained parameter.
    let lengths =
        |module: &dyn Module| module.parameters().into_iter().filter(|p| p.is_trained()).map(|p| p.len()).collect();
    let lengths = std::array::from_fn(|index| lengths(&*modules[index].1));
    let gradients = ranks.average(gradients, lengths)?;
    let norms: Vec<f64> = gradients.iter().map(Gradient::norm).collect();
    for ((term, ..), norm) in modules.iter().zip(&norms) {
        finite(step, term, *norm)?;
    }
    for (((_, module, optimizer), gradient), norm) in modules.into_iter().zip(gradients).zip(&norms) {
        let buffers = ranks.buffers(module);
        optimizer.update(module, &gradient, *norm, factor);
        module.commit();
        ranks.sync_buffers(module, &buffers)?;
    }
    Ok(norms.first().copied().unwrap_or(0.0))
}
