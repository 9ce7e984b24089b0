//! The value and the gradient do not depend on the number of threads, but for rounding: how sums are split may depend on it.

use super::*;
use rayon::ThreadPoolBuilder;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    let (Ok(one), Ok(several)) = (pool(1), pool(3)) else {
        return Outcome::not_applicable("no threads can be started here");
    };
    let spec = CaseSpec { batch: 64, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let found = || -> Result<Vec<f64>, Stop> {
            let at = on.situation(case);
            let mut bound = on.bound(case)?;
            let estimate = bound.evaluate(&at, on.training())?;
            let mut found = values_of(&estimate).to_vec();
            let mut gradients = backward(estimate.value);
            let modules: [&dyn Module; 3] = [&*at.generator, &*at.energy, bound.module()];
            for module in modules {
                let slopes = collect_gradients(module, &mut gradients);
                found.push(slopes.iter().flatten().map(|slope| f64::from(*slope).abs()).sum());
            }
            Ok(found)
        };
        let (alone, together) = (one.install(found)?, several.install(found)?);
        match alone.iter().zip(&together).find(|(alone, together)| !same(**alone, **together)) {
            Some((alone, together)) => {
                let message = "the value, or the size of a gradient, with three threads is not that with one";
                Err(Violation::of(*together, *alone, message).into())
            }
            None => Ok(()),
        }
    })
}
