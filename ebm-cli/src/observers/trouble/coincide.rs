use super::{Point, Run};

/// The least spread of the samples' energies, relative to the data's and to the distance of the two: where samples differ at all, an energy
/// that tells them from data differs between them, too.
const LEAST: f64 = 0.01;

/// The energies of generated samples are all the same: the samples coincide, or differ only where the energy does not look.
pub(super) fn sign(points: &[Point], _: Run) -> Option<String> {
    let alike = |point: &Point| point.spreads[1] < LEAST * point.spreads[0].max(point.contrast.abs());
    let last = points.last().filter(|_| points.iter().all(alike))?;
    let ([data, generated], apart) = (last.spreads, last.contrast.abs());
    Some(format!(
        "the generated samples coincide: their energies spread by {generated:.2e} nats, those of data by {data:.2e} nats, {apart:.2e} nats away; \
         try a limited slope of the energy (energy.lipschitz), a smaller train.energy.optimizer.learning_rate, or a smaller \
         train.generator.optimizer.learning_rate"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn energies_that_are_all_the_same_are_told_unless_those_of_data_are_as_well() {
        let of =
            |contrast: f64, spreads: [f64; 2]| seen(sign, 784, |step| Point { contrast, spreads, ..healthy(step) });
        assert!(of(-0.1, [2.0, 0.01]).unwrap().contains("1.00e-2 nats, those of data by 2.00e0 nats"));
        // One spread as small as the other, but far apart.
        assert!(of(148.0, [1.0, 1.0]).is_some());
        assert_eq!(of(0.0, [0.0, 0.0]), None);
        assert_eq!(of(0.5, [1e-3, 1e-2]), None);
    }
}
