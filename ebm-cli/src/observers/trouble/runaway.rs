use super::{Point, Run};

/// Nats between the energies of data and samples that are nothing unusual in any number of dimensions.
const USUAL: f64 = 50.0;
/// Nats a dimension: the energies of a calibrated model spread by about 0.7 nats times the root of the number of dimensions.
const OF_A_DIMENSION: f64 = 10.0;
/// The growth from the first to the last of the reports: what is large and steady may come down again.
const GROWTH: f64 = 1.2;

/// The energies of data and samples grow apart, beyond what the number of dimensions accounts for or the entropy can balance.
pub(super) fn sign(points: &[Point], run: Run) -> Option<String> {
    let limit = |point: &Point| {
        let accounted = OF_A_DIMENSION * run.width as f64;
        USUAL.max(point.entropy.map_or(accounted, |entropy| accounted.min(entropy.abs())))
    };
    let far = |point: &Point| point.contrast.abs() > limit(point);
    let (first, last) = (points.first()?, points.last()?);
    let grows = last.contrast.abs() > GROWTH * first.contrast.abs();
    (grows && points.iter().all(far)).then(|| {
        let entropy = last.entropy.map_or_else(String::new, |nats| format!(" (the entropy is {nats:.1} nats)"));
        format!(
            "the energies run away: those of data and of generated samples are {:.1} nats apart{entropy}, {:.1} nats at step {}; try a larger \
             upper.weight, a limited slope of the energy (energy.lipschitz), or a penalty at the data (train.data_penalty)",
            last.contrast.abs(),
            first.contrast.abs(),
            first.step
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn energies_that_grow_beyond_dimensions_or_entropy_are_told() {
        let of = |width: usize, entropy: Option<f64>, contrast: fn(u64) -> f64| {
            seen(sign, width, |step| Point { contrast: contrast(step), entropy, ..healthy(step) })
        };
        // From 60 to 100 nats.
        let growing = |step: u64| 10.0 + 0.1 * step as f64;
        assert!(
            of(2, Some(-1.5), growing)
                .unwrap()
                .contains("are 100.0 nats apart (the entropy is -1.5 nats), 60.0 nats at step 500")
        );
        assert!(of(2, None, |step| -10.0 - 0.1 * step as f64).is_some());
        // What is steady, what is below 50 nats, and what entropy and dimensions account for.
        assert_eq!(of(2, Some(-1.5), |_| 100.0), None);
        assert_eq!(of(2, Some(-1.5), |step| 0.05 * step as f64), None);
        assert_eq!(of(784, Some(150.0), growing), None);
        assert!(of(784, Some(55.0), growing).is_some());
    }
}
