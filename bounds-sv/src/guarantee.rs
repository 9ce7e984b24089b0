use ebm_core::{bounds::Guarantee, geometry::Geometry, models::GeneratorFacts};

/// How completely the smallest singular value was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Convergence {
    /// By a direct solver.
    Exact,
    /// By an iteration whose every sample met the tolerance.
    Converged,
    /// By an iteration that stopped before.
    Stopped {
        /// Share of samples that met the tolerance.
        share: f64,
    },
}

/// The claim for `floor(H)`.
pub(crate) fn lower_bound<G: Geometry>(geometry: G, facts: GeneratorFacts, convergence: Convergence) -> Guarantee {
    if let Some(weakness) = weakness(geometry, facts) {
        return weakness;
    }
    if !facts.injective {
        return Guarantee::heuristic(
            "the generator is not known to be injective: where it folds, volume is counted twice",
        );
    }
    match convergence {
        Convergence::Exact if facts.noise > 0.0 => {
            Guarantee::certified("injective generator with D = d, exact solver; noise only adds entropy")
        }
        Convergence::Exact => Guarantee::certified("injective generator with D = d, exact solver"),
        Convergence::Converged => Guarantee::asymptotic(
            "the iterative solver met its tolerance; it approaches s_1 from above, and could have met another singular value",
        ),
        Convergence::Stopped { share } => Guarantee::heuristic(format!(
            "the iterative solver stopped early ({:.0} % of samples converged) and overestimates s_1",
            100.0 * share
        )),
    }
}

/// The claim for `ceil(H)`, the inequality of the means over the squared singular values.
///
/// It needs no injectivity: for any G with D = d and no noise, `H[G(z)] <= H[p0] + E[log |det J|]`.
pub(crate) fn upper_bound<G: Geometry>(geometry: G, facts: GeneratorFacts) -> Guarantee {
    weakness(geometry, facts).unwrap_or_else(|| match facts.noise > 0.0 {
        true => Guarantee::heuristic("noise adds entropy that the Jacobian does not see"),
        false => {
            Guarantee::certified("D = d and no noise: the mean of squares bounds the product of the singular values")
        }
    })
}

/// The claim for the volume term of a generator with noise.
pub(crate) fn noise_floor(facts: GeneratorFacts) -> Guarantee {
    if facts.couples_batch {
        return Guarantee::heuristic(COUPLED);
    }
    match facts.injective {
        true => Guarantee::asymptotic("injective generator: exact as its noise goes to 0"),
        false => Guarantee::heuristic(
            "the generator is not known to be injective: a fold lowers the entropy only; \"encoder-floor\" counts folds",
        ),
    }
}

/// The claim for the same with an encoder.
pub(crate) fn encoder_floor(couples: bool) -> Guarantee {
    match couples {
        true => Guarantee::heuristic(COUPLED),
        false => Guarantee::certified("in expectation, for every encoder and every number of steps"),
    }
}

/// The claim for the mean of squares as a bound of the volume term of a generator with noise.
pub(crate) fn noise_floor_upper_bound() -> Guarantee {
    Guarantee::heuristic("it bounds the volume term, which a flat part of the generator puts below the entropy")
}

const COUPLED: &str = "batch-norm couples the batch in training; the Jacobian is that of evaluation";

/// The reason why nothing can be claimed either way.
fn weakness<G: Geometry>(geometry: G, facts: GeneratorFacts) -> Option<Guarantee> {
    let (d, wide) = (geometry.latent_width(), geometry.data_width());
    if facts.couples_batch {
        return Some(Guarantee::heuristic(COUPLED));
    }
    (wide > d).then(|| {
        let reason = match facts.noise > 0.0 {
            true => "the value leaves the noise out; variant = \"noise-floor\" counts it",
            false => "the samples lie on a manifold and have no density in the data space",
        };
        Guarantee::heuristic(format!("D = {wide} > d = {d}: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::{bounds::Level, geometry::Runtime};

    #[test]
    fn only_the_situation_that_makes_it_a_bound_is_certified() {
        let square = Runtime { latent: 2, data: 2 };
        let tall = Runtime { latent: 2, data: 3 };
        let injective = GeneratorFacts::unknown(0.0).injective();
        let mut coupled = injective;
        coupled.couples_batch = true;
        for (geometry, facts, convergence, level) in [
            (square, injective, Convergence::Exact, Level::Certified),
            (square, GeneratorFacts::unknown(0.1).injective(), Convergence::Exact, Level::Certified),
            (square, injective, Convergence::Converged, Level::Asymptotic),
            (square, injective, Convergence::Stopped { share: 0.5 }, Level::Heuristic),
            (square, GeneratorFacts::unknown(0.0), Convergence::Exact, Level::Heuristic),
            (tall, injective, Convergence::Exact, Level::Heuristic),
            (square, coupled, Convergence::Exact, Level::Heuristic),
        ] {
            assert_eq!(
                lower_bound(geometry, facts, convergence).level,
                level,
                "{geometry:?} {facts:?} {convergence:?}"
            );
        }
        assert_eq!(upper_bound(square, GeneratorFacts::unknown(0.0)).level, Level::Certified);
        assert_eq!(upper_bound(square, GeneratorFacts::unknown(0.1)).level, Level::Heuristic);
        let noisy = GeneratorFacts::unknown(0.1);
        assert_eq!(noise_floor(noisy).level, Level::Heuristic);
        assert_eq!(noise_floor(noisy.injective()).level, Level::Asymptotic);
        assert_eq!(noise_floor(coupled).level, Level::Heuristic);
        assert_eq!((encoder_floor(false).level, encoder_floor(true).level), (Level::Certified, Level::Heuristic));
    }
}
