use super::{Point, Run};

/// The least share of the generated samples that their weights are worth: five samples of a batch of 256. Of a batch of 50 or fewer a
/// single one is as much, and nothing is told.
const LEAST: f64 = 0.02;

/// A few samples carry the weights (`train.weighted`): the generator is far from the model, and the energy's gradient is mostly noise.
pub(super) fn sign(points: &[Point], _: Run) -> Option<String> {
    let few = |point: &Point| point.effective_share.is_some_and(|share| share < LEAST);
    let last = points.last().filter(|_| points.iter().all(few))?;
    Some(format!(
        "the generator is far from the model: its samples, weighted to stand for those of the model, are worth {:.1} % of a batch, so that \
         few of them train the energy; try train.weighted = false, more train.generator.steps, or a larger train.batch",
        100.0 * last.effective_share?
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn weights_that_few_samples_carry_are_told_and_a_dip_is_not() {
        let of = |share: fn(u64) -> Option<f64>| {
            seen(sign, 784, |step| Point { effective_share: share(step), ..healthy(step) })
        };
        assert!(of(|_| Some(0.008)).unwrap().contains("are worth 0.8 % of a batch"));
        assert_eq!(of(|step| Some(if step == 700 { 0.3 } else { 0.008 })), None);
        // Without weights, and in a head start, there is no share.
        assert_eq!(of(|step| (step > 500).then_some(0.008)), None);
    }
}
