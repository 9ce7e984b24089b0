use super::super::differences::{Along, STEP, dot, move_along, trained as weights};
use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    // An option may make a value that is not differentiated right (an iteration that stops early); the example must be.
    let spec = CaseSpec { configs: 1, batch: 4, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let mut at = on.situation(case);
        let mut bound = on.bound(case)?;
        let estimate = bound.evaluate(&at, on.training())?;
        let value = trained_value(&estimate);
        speaks(value.is_finite(), "the value is not finite")?;
        let mut gradients = backward(estimate.value);
        let player = collect_gradients(player(on.subject.side(), &mut at), &mut gradients);
        let own = collect_gradients(bound.module(), &mut gradients);
        let what = match on.subject.side() {
            Side::Lower => "the generator's weights",
            Side::Upper => "the energy's weights",
        };
        let checked =
            along(on, case, what, &player, value, false)? + along(on, case, "its own weights", &own, value, true)?;
        speaks(checked > 0, "there are no weights to be trained")
    })
}

/// The model that a bound of this side trains.
fn player(side: Side, at: &mut Situation<Runtime>) -> &mut dyn Module {
    match side {
        Side::Lower => &mut *at.generator,
        Side::Upper => &mut *at.energy,
    }
}

/// Compares slopes along a random direction, and along the gradient itself.
fn along(on: &On<'_>, case: &Case, what: &str, ours: &[Vec<Real>], value: f64, own: bool) -> Result<u32, Stop> {
    let random = Random::new(case.seed).stream("direction");
    let draw = |(i, g): (u64, &Vec<Real>)| random.at(i).normals(g.len()).into_iter().map(f64::from).collect();
    let drawn: Vec<Vec<f64>> = (0u64..).zip(ours).map(draw).collect();
    let gradient: Vec<Vec<f64>> = ours.iter().map(|g| g.iter().map(|v| f64::from(*v)).collect()).collect();
    let mut checked = 0;
    for direction in [drawn, gradient] {
        let Some(direction) = unit(direction) else { continue };
        let shifted = |size: f64| -> Result<f64, Stop> {
            let mut at = on.situation(case);
            let mut bound: Bound<Runtime> = on.bound(case)?;
            let module = if own { bound.module_mut() } else { player(on.subject.side(), &mut at) };
            let start = weights(module);
            move_along(module, &start, &direction, size);
            Ok(trained_value(&bound.evaluate(&at, on.training())?))
        };
        let line = |step: f64| -> Result<Along, Stop> {
            let (before, after) = (shifted(-step)?, shifted(step)?);
            speaks(before.is_finite() && after.is_finite(), "the value is not finite")?;
            Ok(Along { step, before, at: value, after })
        };
        let (coarse, slope) = (line(STEP)?, dot(ours, &direction));
        if !coarse.agrees(slope) {
            // Next to a pole or a crossing, differences tell nothing.
            let fine = line(0.25 * STEP)?;
            if !fine.agrees(slope) && coarse.is_told_by(fine) {
                let message = format!("the slope in {what} is not that of the value, by differences");
                return Err(Violation::of(slope, fine.slope(), message).into());
            }
            continue;
        }
        checked += 1;
    }
    Ok(checked)
}

/// The direction of length 1, if there is one.
fn unit(mut direction: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    let length = direction.iter().flatten().map(|v| v * v).sum::<f64>().sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return None;
    }
    direction.iter_mut().flatten().for_each(|v| *v /= length);
    Some(direction)
}
