use super::{Point, Run};

/// Nats by which the samples' energies are above the data's, where the generator has yet to find the data: at least, and a dimension.
const BEHIND: [f64; 2] = [5.0, 0.1];
/// The growth of this distance from the first to the last of the reports.
const GROWTH: f64 = 1.5;

/// The samples' energies rise above the data's faster than the generator brings them down, and the bounds part.
pub(super) fn sign(points: &[Point], run: Run) -> Option<String> {
    let limit = BEHIND[0].max(BEHIND[1] * run.width as f64);
    let behind = |point: &Point| -point.contrast > limit;
    let (first, last) = (points.first()?, points.last()?);
    let parts = last.gap? > first.gap?;
    let grows = -last.contrast > -GROWTH * first.contrast;
    (parts && grows && points.iter().all(behind)).then(|| {
        format!(
            "the generator is far behind: its samples' energies are {:.1} nats above the data's, {:.1} nats at step {}, and the bounds part; try a \
             larger train.generator.optimizer.learning_rate or more train.generator.steps, or a smaller train.energy.optimizer.learning_rate",
            -last.contrast, -first.contrast, first.step
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn samples_that_fall_behind_ever_more_are_told() {
        let of = |contrast: fn(u64) -> f64, gap: fn(u64) -> f64| {
            seen(sign, 2, |step| Point { contrast: contrast(step), gap: Some(gap(step)), ..healthy(step) })
        };
        let (growing, steady) = (|step: u64| 0.02 * step as f64, |_: u64| 12.0);
        assert!(
            of(|step| -0.02 * step as f64, growing)
                .unwrap()
                .contains("18.0 nats above the data's, 10.0 nats at step 500")
        );
        let wide =
            seen(sign, 300, |step| Point { contrast: -0.02 * step as f64, gap: Some(growing(step)), ..healthy(step) });
        assert_eq!(wide, None);
        assert_eq!(of(|_| -20.0, growing), None);
        assert_eq!(of(|step| -0.02 * step as f64, steady), None);
        assert_eq!(of(growing, growing), None);
        assert_eq!(of(|step| -0.005 * step as f64, growing), None);
    }
}
