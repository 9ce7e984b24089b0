use ebm_core::{device::Real, parameter::Module};
use ebm_kernels::update;

/// Moves `average` towards `model`: `a <- decay a + (1 - decay) m` for trained parameters, a copy for everything else.
///
/// The decay is limited to `(1 + step) / (10 + step)`, so that the initial weights are forgotten early on.
pub fn average<M: Module + ?Sized>(average: &mut M, model: &M, decay: f64, step: u64) {
    let decay = decay.min((1.0 + step as f64) / (10.0 + step as f64)) as Real;
    for (to, from) in average.parameters_mut().into_iter().zip(model.parameters()) {
        debug_assert_eq!(to.name(), from.name());
        if from.is_trained() { update::follow(to, from, decay) } else { to.copy_from(from.tensor()) }
    }
}
