use super::*;

/// Steps of training before the state is saved.
const STEPS: u64 = 3;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(ANY), |case| {
        let mut at = on.situation(case);
        let mut bound = on.bound(case)?;
        for step in 1..=STEPS {
            at.step = step;
            bound.evaluate(&at, on.training())?;
            shake(bound.module_mut(), Random::new(case.seed).at(step), 0.02);
            bound.module_mut().commit();
        }
        let (state, memory) = (bound.module().state(), bound.module().transient_state());
        if state.len() != bound.module().parameters().len() {
            let names = "two parameters have one name, so that only one of them is saved";
            return Err(Violation::of(state.len() as f64, bound.module().parameters().len() as f64, names).into());
        }
        let mut again: Bound<Runtime> =
            on.variants[case.config].config.build(geometry(case), Random::new(case.seed).stream("bound"))?;
        let refused = |error| Violation::told(format!("its own state is refused: {error}"));
        again.module_mut().load_state(&state).map_err(refused)?;
        again.module_mut().restore_transient_state(&memory).map_err(refused)?;
        let mut odd = memory.clone();
        odd.insert("surely-no-array-of-this-name".into(), (vec![1], vec![0.0]));
        if again.module_mut().restore_transient_state(&odd).is_ok() {
            let message = "restore_transient_state() accepts an array that transient_state() does not give";
            return Err(Violation::told(message).into());
        }
        at.step = STEPS + 1;
        for tape in [SharedTape::off(), on.training()] {
            let (one, other) = (bound.evaluate(&at, tape.clone())?, again.evaluate(&at, tape)?);
            for (one, other) in values_of(&one).into_iter().zip(values_of(&other)) {
                if one.to_bits() != other.to_bits() {
                    let message = "the value before saving is not that of a second bound with the state loaded";
                    return Err(Violation::of(one, other, message).into());
                }
            }
        }
        Ok(())
    })
}
