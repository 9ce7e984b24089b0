use super::{certified_value::certified_pair, *};

pub(super) fn check(on: &On<'_>) -> Outcome {
    let certified = on.certified();
    if certified.is_empty() {
        return Outcome::not_applicable(NONE_CERTIFIED);
    }
    let other = match on.subject.side() {
        Side::Lower => Side::Upper,
        Side::Upper => Side::Lower,
    };
    let subjects = Subject::all(other);
    // Whoever needs a diffusion time is given an energy of the same model that has one.
    let others = subjects.iter().map(|subject| {
        let other = On { subject, options: on.options, variants: variants(subject) };
        let certified = other.certified();
        (other, certified)
    });
    let others: Vec<_> = others.filter(|(_, certified)| !certified.is_empty()).collect();
    if others.is_empty() {
        return Outcome::not_applicable(format!("no {other} that is linked in claims a certified value"));
    }
    let spec = CaseSpec { configs: certified.len(), ..on.suited(KNOWN) };
    run(on.options, spec, |case| {
        let own = Case { config: certified[case.config], ..case.clone() };
        let mine = side(on, &own)?;
        let mut met = 0;
        for (other, configs) in &others {
            let theirs = Case { config: configs[case.seed as usize % configs.len()], ..case.clone() };
            // What a counterpart breaks is told of the counterpart.
            let Ok(Ok(theirs)) = caught(|| side(other, &theirs)) else { continue };
            if !theirs.holds(other.subject.side()) {
                continue;
            }
            met += 1;
            on_its_side(on.subject.side(), &on.variants[own.config].label, &mine.measured, mine.exact)?;
            ordered(on.subject.side(), &mine, &theirs, other.subject.name())?;
        }
        speaks(met > 0, "no counterpart is certified in the same situations")
    })
}

/// One side of the sandwich: the value and the exact one, both of the log-likelihood's part that is bounded.
struct Slice {
    measured: Measurement,
    exact: Exact,
    /// The value less the exact one: negative below, positive above.
    off: f64,
}

impl Slice {
    fn holds(&self, side: Side) -> bool {
        on_its_side(side, "", &self.measured, self.exact).is_ok()
    }
}

fn side(on: &On<'_>, case: &Case) -> Result<Slice, Stop> {
    let at: Situation<Runtime> = on.situation(case);
    let mut bound = on.bound(case)?;
    if let Bound::Upper(bound) = &bound
        && bound.target() == Target::Divergence
        && exact::entropy(case, &at).is_none()
    {
        return Err(Stop::Silent("no exact value is known".into()));
    }
    let (measured, exact) = certified_pair(on, case, &at, &mut bound)?;
    let off = measured.value - exact.value;
    Ok(Slice { measured, exact, off })
}

/// `floor(L) <= ceil(L)`: both lie about the same exact L, so that their distances from it are compared.
fn ordered(own: Side, mine: &Slice, theirs: &Slice, name: &str) -> Result<(), Violation> {
    let (lower, upper) = match own {
        Side::Lower => (mine, theirs),
        Side::Upper => (theirs, mine),
    };
    let slack = slack(&lower.measured, lower.exact) + slack(&upper.measured, upper.exact);
    if lower.off <= upper.off + slack {
        return Ok(());
    }
    let message =
        format!("with {name:?}, the lower bound less the exact value is above the upper bound less the exact value");
    Err(Violation::of(lower.off, upper.off, message))
}
