use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let side = on.subject.side();
    run(on.options, on.suited(ANY), |case| {
        // With a tape that trains these parts, those others are constants.
        let steps = match side {
            Side::Lower => [trained(side), Parts::GENERATOR, Parts::LOWER, Parts::ENERGY],
            Side::Upper => [trained(side), Parts::ENERGY, Parts::UPPER, Parts::GENERATOR],
        };
        for parts in steps {
            let at = on.situation(case);
            let mut bound = on.bound(case)?;
            let estimate = bound.evaluate(&at, SharedTape::training(parts))?;
            let mut gradients = backward(estimate.value);
            let owners = [
                (Parts::GENERATOR, "the generator", collect_gradients(&*at.generator, &mut gradients)),
                (Parts::ENERGY, "the energy", collect_gradients(&*at.energy, &mut gradients)),
                (
                    if side == Side::Lower { Parts::LOWER } else { Parts::UPPER },
                    "the bound's own weights",
                    collect_gradients(bound.module(), &mut gradients),
                ),
            ];
            for (part, owner, gradient) in owners {
                if !parts.contains(part)
                    && let Some(leak) = largest(&gradient)
                {
                    let message = format!("a gradient reaches {owner}, which this tape does not train");
                    return Err(Violation::of(leak, 0.0, message).into());
                }
            }
        }
        // In an evaluation nothing is recorded.
        let at = on.situation(case);
        let estimate = on.bound(case)?.evaluate(&at, SharedTape::off())?;
        let mut gradients = backward(estimate.value);
        let all = [collect_gradients(&*at.generator, &mut gradients), collect_gradients(&*at.energy, &mut gradients)];
        match all.iter().find_map(|gradient| largest(gradient)) {
            Some(leak) => Err(Stop::Broken(Violation::of(leak, 0.0, "an evaluation records a gradient"))),
            None => Ok(()),
        }
    })
}

/// The largest value, if any is not zero.
fn largest(gradient: &[Vec<Real>]) -> Option<f64> {
    let size = gradient.iter().flatten().fold(0.0, |m: f64, g| m.max(f64::from(g.abs())));
    (size > 0.0).then_some(size)
}
