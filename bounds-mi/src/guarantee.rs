//! What may be claimed, worked out from the situation.

use ebm_core::bounds::Guarantee;

use crate::config::Estimator;

/// The claim for `floor(H)`. `coupled`: the samples of this batch depend on each other's latents (batch-norm in training).
pub(crate) fn floor(estimator: Estimator, coupled: bool) -> Guarantee {
    if coupled {
        return dependent();
    }
    match estimator {
        Estimator::Jsd => Guarantee::heuristic("the Jensen-Shannon value is not in nats of the mutual information"),
        Estimator::Nwj => Guarantee::certified("holds for every critic, and means over fresh samples are unbiased"),
        Estimator::Dv => Guarantee::asymptotic(
            "the logarithm of a batch mean is too low on average, so the value is too high; the error goes with 1/batch",
        ),
        Estimator::Infonce => Guarantee::certified("holds for every critic and group size, up to ln(group)"),
        Estimator::BarberAgakov => Guarantee::certified("holds for every encoder"),
    }
}

/// The claim for `ceil(H)`.
pub(crate) fn ceiling(coupled: bool) -> Guarantee {
    match coupled {
        true => dependent(),
        false => Guarantee::certified("cross-entropy with Gaussians fitted to other samples, for any distribution"),
    }
}

fn dependent() -> Guarantee {
    Guarantee::heuristic("batch-norm in training: a sample depends on the other latents of its batch")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Level;

    #[test]
    fn only_what_holds_for_every_network_is_certified_and_only_for_independent_samples() {
        for (estimator, level) in [
            (Estimator::Jsd, Level::Heuristic),
            (Estimator::Nwj, Level::Certified),
            (Estimator::Dv, Level::Asymptotic),
            (Estimator::Infonce, Level::Certified),
            (Estimator::BarberAgakov, Level::Certified),
        ] {
            assert_eq!(floor(estimator, false).level, level);
            assert_eq!(floor(estimator, true).level, Level::Heuristic);
        }
        assert_eq!(ceiling(false).level, Level::Certified);
        assert_eq!(ceiling(true).level, Level::Heuristic);
    }
}
