use super::super::differences::{Along, STEP, dot, move_along, trained as weights};
use super::*;
use ebm_core::models::Generator;

pub(super) fn check(on: &On<'_>) -> Outcome {
    // A choice may make a value that is not differentiated right (an iteration that stops early), if it is named.
    let approximate = on.subject.approximate_gradient();
    if let Some(unknown) = approximate.iter().find(|name| on.variants.iter().all(|variant| variant.name != **name)) {
        let message = format!("approximate_gradient names {unknown:?}, which is no choice of an option");
        return Outcome::Failed(Violation::told(message));
    }
    let exact = |config: &usize| !approximate.contains(&on.variants[*config].name.as_str());
    let configs: Vec<usize> = (0..on.variants.len()).filter(exact).collect();
    let spec = CaseSpec { configs: configs.len(), batch: 4, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let case = &Case { config: configs[case.config], ..case.clone() };
        checked(on, case).map_err(|stop| match stop {
            Stop::Broken(violation) if case.config > 0 => {
                let message = format!("with {}: {}", on.variants[case.config].name, violation.message);
                Stop::Broken(Violation { message, ..violation })
            }
            stop => stop,
        })
    })
}

fn checked(on: &On<'_>, case: &Case) -> Result<(), Stop> {
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
    let level = noise_level(&*at.generator).filter(|_| on.subject.side() == Side::Lower);
    let checked = along(on, case, (what, level), &player, value, false)?
        + along(on, case, ("its own weights", None), &own, value, true)?;
    speaks(checked > 0, "there are no weights to be trained")
}

/// The model that a bound of this side trains.
fn player(side: Side, at: &mut Situation<Runtime>) -> &mut dyn Module {
    match side {
        Side::Lower => &mut *at.generator,
        Side::Upper => &mut *at.energy,
    }
}

/// The place of a learned noise level among the trained parameters.
fn noise_level(generator: &dyn Generator<Runtime>) -> Option<usize> {
    let level = generator.noise_level()?;
    generator.parameters().into_iter().filter(|p| p.is_trained()).position(|p| std::ptr::eq(p, level))
}

/// Compares slopes along a random direction, along the gradient itself, and in the noise's level alone, if it is among the
/// weights.
fn along(
    on: &On<'_>,
    case: &Case,
    (what, level): (&str, Option<usize>),
    ours: &[Vec<Real>],
    value: f64,
    own: bool,
) -> Result<u32, Stop> {
    let random = Random::new(case.seed).stream("direction");
    let draw = |(i, g): (u64, &Vec<Real>)| random.at(i).normals(g.len()).into_iter().map(f64::from).collect();
    let drawn: Vec<Vec<f64>> = (0u64..).zip(ours).map(draw).collect();
    let gradient: Vec<Vec<f64>> = ours.iter().map(|g| g.iter().map(|v| f64::from(*v)).collect()).collect();
    let alone = |level: usize| -> Vec<Vec<f64>> {
        let one = |(i, g): (usize, &Vec<Real>)| vec![if i == level { 1.0 } else { 0.0 }; g.len()];
        ours.iter().enumerate().map(one).collect()
    };
    let directions = [(what, Some(drawn)), (what, Some(gradient)), ("the noise's sigma", level.map(alone))];
    let mut checked = 0;
    for (what, direction) in directions {
        let Some(direction) = direction.and_then(unit) else { continue };
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
