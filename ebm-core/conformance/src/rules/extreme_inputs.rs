use super::*;
use ebm_core::{geometry::Geometry, parameter::gradient_norm};

/// Factors of the weights: the largest and the smallest have squares out of the range of numbers.
const SIZES: [f64; 4] = if DOUBLE_PRECISION { [1e-160, 1e-6, 1e6, 1e160] } else { [1e-20, 1e-6, 1e6, 1e20] };

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: 4, widest: 3, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let mut seen = 0;
        let mut tried = |change: &dyn Fn(&mut Situation<Runtime>), what: &str| -> Result<(), Stop> {
            for tape in [SharedTape::off(), on.training()] {
                let mut at = on.situation(case);
                change(&mut at);
                let mut bound = on.bound(case)?;
                let Ok(estimate) = bound.evaluate(&at, tape) else {
                    continue;
                };
                seen += 1;
                // What is trained is looked at by the trainer, in its own precision; what is measured is reported as it is.
                let measured = &estimate.measurement;
                if measured.value.is_finite() && measured.standard_error.is_nan() {
                    let message = format!("{what}: the value is finite, its standard error is no number");
                    return Err(Violation::told(message).into());
                }
                // Whatever is in the gradient, it must be possible to look at it.
                let mut gradients = backward(estimate.value);
                gradient_norm(&collect_gradients(&*at.generator, &mut gradients));
                gradient_norm(&collect_gradients(&*at.energy, &mut gradients));
                gradient_norm(&collect_gradients(bound.module(), &mut gradients));
            }
            Ok(())
        };
        for size in SIZES.map(|size| size as Real) {
            tried(&|at| scale(&mut *at.generator, size), &format!("the generator's weights times {size:e}"))?;
            tried(&|at| scale(&mut *at.energy, size), &format!("the energy's weights times {size:e}"))?;
            tried(
                &|at| {
                    let far = values(&at.latents).into_iter().map(|z| z * size).collect();
                    at.latents = geometry(case).latents(far);
                },
                &format!("latents times {size:e}"),
            )?;
        }
        speaks(seen > 0, "the bound refuses every such situation")
    })
}

fn scale(module: &mut dyn Module, size: Real) {
    for parameter in module.parameters_mut().into_iter().filter(|p| p.is_trained()) {
        let scaled: Vec<Real> = parameter.values().iter().map(|w| w * size).collect();
        parameter.set(&scaled);
    }
}
