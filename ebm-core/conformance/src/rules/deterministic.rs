use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(ANY), |case| {
        // With an evaluation in between or without: it must leave no trace.
        let value = |evaluated: bool| -> Result<[f64; 2], Stop> {
            let at = on.situation(case);
            let mut bound = on.bound(case)?;
            if evaluated {
                bound.evaluate(&at, SharedTape::off())?;
            }
            let estimate = bound.evaluate(&at, on.training())?;
            Ok(values_of(&estimate))
        };
        let first = value(false)?;
        for (again, what) in [
            (value(false)?, "two evaluations of one seed and step differ"),
            (value(true)?, "an evaluation in between changes what is trained next"),
        ] {
            for (a, b) in first.iter().zip(again) {
                if a.to_bits() != b.to_bits() {
                    return Err(Violation::of(*a, b, what).into());
                }
            }
        }
        Ok(())
    })
}
