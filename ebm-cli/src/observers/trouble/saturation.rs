use super::{Point, Run};

/// The least distance of the energies of data and samples, in nats, at which the energy tells the two apart in nearly every case.
const APART: f64 = 5.0;
/// Movement of the generator's loss, relative to this distance, that counts as none.
const STILL: f64 = 0.01;

/// The energy tells data and samples apart, and the generator's loss does not move: it is flat where the samples are.
pub(super) fn sign(points: &[Point], _: Run) -> Option<String> {
    let losses: Option<Vec<f64>> = points.iter().map(|point| point.generator_loss).collect();
    let losses = losses?;
    let extreme = |of: fn(f64, f64) -> f64| losses.iter().copied().reduce(of);
    let moved = extreme(f64::max)? - extreme(f64::min)?;
    let apart = points.iter().map(|point| point.contrast.abs()).reduce(f64::min)?;
    (apart > APART && moved < STILL * apart).then(|| {
        format!(
            "the energy is saturated: the generator's loss moves by {moved:.1e} nats while the energies of data and generated samples are \
             {apart:.1} nats apart; try a limited slope of the energy (energy.lipschitz), a smaller train.energy.optimizer.learning_rate, or an \
             energy.activation that does not level off"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{healthy, seen};
    use super::*;

    #[test]
    fn a_loss_that_stands_still_far_from_the_data_is_told() {
        let of = |contrast: f64, step_of_loss: f64| {
            let loss = move |step: u64| Some(3.0 + step_of_loss * (step / 100) as f64);
            seen(sign, 784, |step| Point { contrast, generator_loss: loss(step), ..healthy(step) })
        };
        assert!(of(-40.0, 0.001).unwrap().contains("moves by 4.0e-3 nats"));
        assert_eq!(of(-40.0, 1.0), None);
        assert_eq!(of(-1.0, 0.001), None);
        assert_eq!(seen(sign, 2, |step| Point { contrast: 40.0, generator_loss: None, ..healthy(step) }), None);
    }
}
