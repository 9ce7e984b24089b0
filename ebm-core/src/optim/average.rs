//! The exponential moving average of a model's weights.

use super::side;
use crate::device::Real;
use crate::parameter::Module;

/// Moves `average` towards `model`: `a <- decay a + (1 - decay) m` for what is trained, a copy for everything else.
///
/// The decay is limited to `(1 + step) / (10 + step)`, so that the initial weights are forgotten early on.
///
/// ```
/// use ebm_core::geometry::Fixed;
/// use ebm_core::models::closed_form::LinearGaussian;
/// use ebm_core::optim::average;
///
/// let at = |mean: f64| LinearGaussian::new(Fixed::<1, 1>, &[1.0], &[mean], 0.0);
/// let (mut kept, model) = (at(0.0), at(1.0));
/// // Late in a run the decay is the one asked for: 0.75 * 0 + 0.25 * 1.
/// average(&mut kept, &model, 0.75, 1_000);
/// assert_eq!(kept.mean(), [0.25]);
/// // At the start it is (1 + 0) / (10 + 0) at most.
/// let mut kept = at(0.0);
/// average(&mut kept, &model, 0.75, 0);
/// assert!((kept.mean()[0] - 0.9).abs() < 1e-6);
/// ```
pub fn average<M: Module + ?Sized>(average: &mut M, model: &M, decay: f64, step: u64) {
    let decay = decay.min((1.0 + step as f64) / (10.0 + step as f64)) as Real;
    for (to, from) in average.parameters_mut().into_iter().zip(model.parameters()) {
        debug_assert_eq!(to.name(), from.name());
        match from.is_trained() {
            true => side::follow(to, from, decay),
            false => to.copy_from(from.tensor()),
        }
    }
}
