use super::{Point, Run};

/// Mutual information below which samples say next to nothing about their latents. A generator that is alive has some nats in the plane,
/// and tens of nats on images.
const LEAST: f64 = 1.0;

/// The mutual information stays near 0: the bound's network does not learn, or all samples are alike, which it then cannot learn from.
pub(super) fn sign(points: &[Point], run: Run) -> Option<String> {
    let nothing = |point: &Point| point.mutual_information.is_some_and(|nats| nats < LEAST);
    let last = points.last().filter(|_| run.entropy_counts && points.iter().all(nothing))?;
    Some(format!(
        "the mutual information of samples and latents stays below {LEAST} nat ({:.2} nats now), so that the entropy does not hold the samples \
         apart; try another lower.estimator or a wider lower.encoder, more generator.noise, a generator that starts alone (train.head_start), \
         or a smaller train.energy.optimizer.learning_rate",
        last.mutual_information?
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn information_that_stays_at_zero_is_told_and_a_dip_is_not() {
        let of = |nats: fn(u64) -> f64| {
            seen(sign, 784, |step| Point { mutual_information: Some(nats(step)), ..healthy(step) })
        };
        assert!(of(|_| -0.9).unwrap().contains("(-0.90 nats now)"));
        assert_eq!(of(|step| if step == 700 { 4.0 } else { 0.1 }), None);
        assert_eq!(seen(sign, 2, |step| Point { mutual_information: None, ..healthy(step) }), None);
        // Without a weight nothing is asked of it.
        let points = [Point { mutual_information: Some(0.0), ..healthy(500) }];
        assert_eq!(sign(&points, Run { width: 2, entropy_counts: false }), None);
    }
}
