use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: 1, widest: 3, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let mut seen = false;
        for batch in [1, 2, 3] {
            for tape in [SharedTape::off(), on.training()] {
                let case = Case { batch, ..case.clone() };
                let at = on.situation(&case);
                let estimate = on.bound(&case).and_then(|mut bound| Ok(bound.evaluate(&at, tape)?));
                let Ok(estimate) = estimate else { continue };
                let values = values_of(&estimate);
                backward(estimate.value);
                if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
                    let message = format!("the value of a batch of {batch} is {bad}, and no error says why");
                    return Err(Violation::told(message).into());
                }
                seen = true;
            }
        }
        speaks(seen, "the bound refuses every such situation")
    })
}
