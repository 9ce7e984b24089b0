use super::super::draws::Draws;
use super::{certified_value::certified_draws, *};

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
        let side = on.subject.side();
        let mine = certified_draws(on, &own)?;
        let mut met = 0;
        for (other, configs) in &others {
            let theirs = Case { config: configs[case.seed as usize % configs.len()], ..case.clone() };
            // What a counterpart breaks is told of the counterpart.
            let Ok(Ok(theirs)) = caught(|| certified_draws(other, &theirs)) else { continue };
            if theirs.on_its_side(other.subject.side(), "").is_err() {
                continue;
            }
            met += 1;
            mine.on_its_side(side, &on.variants[own.config].name)?;
            ordered(side, &mine, &theirs, other.subject.name())?;
        }
        speaks(met > 0, "no counterpart is certified in the same situations")
    })
}

/// `floor(L) <= ceil(L)`: both lie about the same exact L, so that their distances from it are compared.
fn ordered(own: Side, mine: &Draws, theirs: &Draws, name: &str) -> Result<(), Violation> {
    let (lower, upper) = match own {
        Side::Lower => (mine, theirs),
        Side::Upper => (theirs, mine),
    };
    let (below, above) = (lower.all().value, upper.all().value);
    if below <= above + lower.slack() + upper.slack() {
        return Ok(());
    }
    let message =
        format!("with {name:?}, the lower bound less the exact value is above the upper bound less the exact value");
    Err(Violation::of(below, above, message))
}
