use super::*;
use ebm_core::geometry::Fixed;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { widest: 2, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let case = Case { latent: 2, data: 2, ..case.clone() };
        for training in [false, true] {
            let fixed = value(on, Fixed::<2, 2>, &case, training);
            let runtime = value(on, Runtime { latent: 2, data: 2 }, &case, training);
            match (fixed, runtime) {
                (Ok(fixed), Ok(runtime)) => {
                    for (fixed, runtime) in fixed.into_iter().zip(runtime) {
                        if !same(fixed, runtime) {
                            let message = "the value with fixed axes is not that with axes known at run time";
                            return Err(Violation::of(fixed, runtime, message).into());
                        }
                    }
                }
                (Err(stop @ Stop::Silent(_)), Err(Stop::Silent(_))) => return Err(stop),
                _ => return Err(Violation::told("only one of the two geometries is refused").into()),
            }
        }
        Ok(())
    })
}

fn value<G: SupportedGeometry>(on: &On<'_>, geometry: G, case: &Case, training: bool) -> Result<[f64; 2], Stop> {
    let at = Situation::new(geometry, case, on.timed());
    let tape = if training { on.training() } else { SharedTape::off() };
    Ok(values_of(&on.bound_for(geometry, case)?.evaluate(&at, tape)?))
}
