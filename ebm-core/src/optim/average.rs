//! The exponential moving average of a model's weights.

use crate::device::Real;
use crate::parameter::Module;

/// Moves `average` towards `model`: `a <- decay a + (1 - decay) m` for what is trained, a copy for everything else.
///
/// The decay is limited to `(1 + step) / (10 + step)`, so that the initial weights are forgotten early on.
pub fn average<M: Module + ?Sized>(average: &mut M, model: &M, decay: f64, step: u64) {
    let decay = decay.min((1.0 + step as f64) / (10.0 + step as f64)) as Real;
    for (to, from) in average.parameters_mut().into_iter().zip(model.parameters()) {
        debug_assert_eq!(to.name(), from.name());
        let mut values = from.values();
        if from.is_trained() {
            for (v, a) in values.iter_mut().zip(to.values()) {
                *v = a + (1.0 - decay) * (*v - a);
            }
        }
        to.set(&values);
    }
}
