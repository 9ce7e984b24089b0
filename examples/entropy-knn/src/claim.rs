//! What may be claimed of the estimate.

use ebm_core::prelude::*;

/// Asymptotic where the samples are independent and have a density, else heuristic.
pub(crate) fn of<G: Geometry>(view: &GeneratorView<'_, G>) -> Guarantee {
    let (facts, geometry) = (view.generator.facts(), view.geometry());
    let onto_all = facts.injective && geometry.latent_width() == geometry.data_width();
    if facts.couples_batch && view.tape.trains(Parts::GENERATOR) {
        Guarantee::heuristic("batch-norm couples the samples of a batch in training")
    } else if facts.noise == 0.0 && !onto_all {
        Guarantee::heuristic(
            "the samples may have no density: the generator adds no noise and is not known to be injective",
        )
    } else {
        Guarantee::asymptotic(
            "the estimate tends to the entropy as the batch grows; at this size it is biased either way",
        )
    }
}
