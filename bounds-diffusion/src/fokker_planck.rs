//! The residual of the Fokker-Planck equation for E(x, t).
//!
//! With `log p = -E - const(t)` and the drift `c(t) x`, the equation says that
//! `R(x, t) = d_t E + c x . grad E + g^2/2 (||grad E||^2 - lap E)` is a function of t alone. Two samples at one time therefore
//! tell the residual: `1/2 E (R(x, t) - R(x', t))^2` is the variance of R over x, whatever the constant.
//!
//! Where random directions stand for the Laplacian, that square is too large by their variance. With two independent estimates
//! R_1 and R_2 of each residual, `1/2 E (R_1(x) - R_1(x')) (R_2(x) - R_2(x'))` is not. It is the variance of their mean less that
//! of half their difference.

use ebm_core::kernels::residual::{Laplacians, PairVariance, Place, pair_variance};
use ebm_core::kernels::rows::{repeat, unstack};
use ebm_core::models::{TimedEnergy, timed_energy_gradient};
use ebm_core::{diffusion::Moment, jacobian::axes, kernels::combine::combine, prelude::*};

use crate::config::{DiffusionConfig, RegularizerConfig};
use crate::diffused::{Diffused, is_sampled, laplacian};

/// The residual relative to the rate g^2/s^2 at which the process forgets.
pub(crate) struct Residual {
    /// Its variance over x, averaged over the times, on the tape.
    pub variance: Scalar<SharedTape>,
    /// Square root of the variance.
    pub root_mean_square: f64,
}

/// The residual on samples `x0` `[B, D]`, used in pairs; `None` for fewer than two.
///
/// Where `tape` does not record, the Laplacian is exact; where it does, it is a difference quotient, so that one tape of
/// first order gives the gradient in the energy's parameters.
pub(crate) fn residual<G: Geometry>(
    config: &DiffusionConfig,
    energy: &dyn TimedEnergy<G>,
    x0: &Samples<G>,
    random: Random,
    tape: &SharedTape,
) -> Option<Residual> {
    let geometry = energy.geometry();
    let pairs = rows(x0) / 2;
    if pairs == 0 {
        return None;
    }
    let count = 2 * pairs;
    let draws = random.stream("residual-times").uniforms(pairs);
    let times: Vec<Real> = draws.into_iter().map(|u| config.time(f64::from(u)).0 as Real).collect();
    let at = points(config, geometry, x0, &times, random);

    // Along (c x + g^2 grad E, 1) the slope is R + g^2/2 (||grad E||^2 + lap E), and with grad E held fixed there its
    // derivative in the parameters is that of R + g^2/2 lap E.
    let (_, gradient) = timed_energy_gradient(energy, &at.x, &at.times);
    let squares = square_norm(&gradient);
    let factors = |of: fn(&Moment) -> f64| at.moments.iter().map(|moment| of(moment) as Real).collect::<Vec<_>>();
    let (drift, diffusion) = (factors(|moment| moment.drift), factors(|moment| moment.diffusion));
    let directions = SharedTape::off().watch(&combine((&at.x, &drift), (&gradient, &diffusion)));
    let (_, slopes) = energy.pushforward_at(tape.watch(&at.x), &at.times, directions, &vec![1.0; count]);
    let quotient = tape.is_recording().then(|| Quotient::new(config.fokker_planck, energy, &at, random, tape));
    let place = |m: &Moment| {
        let unit = m.noise * m.noise / m.diffusion;
        Place { diffusion: m.diffusion, unit: unit * config.fokker_planck.weight_at(m.noise).sqrt() }
    };
    let places: Vec<Place> = at.moments.iter().map(place).collect();
    let plain = detach(slopes.clone());
    // The variance of half the difference of two estimates, which have all but their Laplacians in common.
    let apart = |laplacians: Laplacians<'_>| {
        let width = geometry.data_width();
        let (slopes, none) = (tensor(vec![0.0; count], (count,)), geometry.samples(vec![0.0; count * width]));
        pair_variance(&slopes, &square_norm(&none), laplacians, &places)
    };
    let (found, apart): (PairVariance, Option<PairVariance>) = match &quotient {
        Some(quotient) => {
            let of = detach(quotient.slopes.clone());
            let found = pair_variance(&plain, &squares, Laplacians::OfSlopes(&of, &quotient.weights), &places);
            let contrast = quotient.contrast.as_ref();
            (found, contrast.map(|contrast| apart(Laplacians::OfSlopes(&of, contrast))))
        }
        None => {
            let mut known = laplacian(energy, &at, random.stream("residual-probes"));
            let mut half = None;
            if config.fokker_planck.probes > 1 && is_sampled(geometry.data_width()) {
                let other = laplacian(energy, &at, random.stream("residual-other-probes"));
                half = Some(known.iter().zip(&other).map(|(a, b)| 0.5 * (a - b)).collect::<Vec<_>>());
                known.iter_mut().zip(other).for_each(|(a, b)| *a = 0.5 * (*a + b));
            }
            let found = pair_variance(&plain, &squares, Laplacians::Known(&known), &places);
            (found, half.map(|half| apart(Laplacians::Known(&half))))
        }
    };
    // All is queued.
    let variance = found.variance.read()[0] - apart.as_ref().map_or(0.0, |apart| apart.variance.read()[0]);
    let mut taped = differentiated_by(slopes, variance, found.in_slopes);
    if let Some((quotient, in_slopes)) = quotient.zip(found.in_laplacians) {
        let in_slopes = match apart.and_then(|apart| apart.in_laplacians) {
            Some(in_apart) => in_slopes - in_apart,
            None => in_slopes,
        };
        taped = taped + differentiated_by(quotient.slopes, 0.0, in_slopes);
    }
    // A product of two estimates may be below zero by chance.
    let root_mean_square = if variance < 0.0 { 0.0 } else { variance.sqrt() };
    Some(Residual { variance: taped, root_mean_square })
}

/// Two points for each of `times` `[P]`: the first P are those of the samples at that time, and so are the others, unless they
/// shall be off the samples (`fokker_planck.spread`).
fn points<G: Geometry>(
    config: &DiffusionConfig,
    geometry: G,
    x0: &Samples<G>,
    times: &[Real],
    random: Random,
) -> Diffused<G> {
    let (process, noise, both) = (&config.process, random.stream("residual-noise"), times.repeat(2));
    if config.fokker_planck.spread == 1.0 {
        return Diffused::new(geometry, process, x0, both, noise);
    }
    let draws = random.stream("residual-spread").uniforms(times.len());
    let later = |(t, u): (&Real, Real)| config.later(f64::from(*t), f64::from(u)) as Real;
    let drawn = times.iter().copied().chain(times.iter().zip(draws).map(later)).collect();
    Diffused::new(geometry, process, x0, drawn, noise).seen_at(process, both)
}

/// The Laplacian as `sum_u (<grad E(x + h u), u> - <grad E(x - h u), u>) / 2h` over directions u, with h a share of s(t).
struct Quotient {
    /// Slopes at `x + h u`, then at `x - h u`, direction-major: `[2 U B]`.
    slopes: PerSample<SharedTape>,
    /// `1 / 2h`, or minus that, for each, times the direction's share in the mean.
    weights: Vec<f64>,
    /// The weights of half the difference between the Laplacian by one half of the directions and that by the other; none of all
    /// axes, or of a single direction.
    contrast: Option<Vec<f64>>,
}

impl Quotient {
    fn new<G: Geometry>(
        options: RegularizerConfig,
        energy: &dyn TimedEnergy<G>,
        at: &Diffused<G>,
        random: Random,
        tape: &SharedTape,
    ) -> Self {
        let geometry = energy.geometry();
        let (axis, count) = (geometry.data(), at.times.len());
        let probes = options.probes;
        let directions: Samples<G> = match probes {
            0 => axes(count, axis),
            _ => random.stream("residual-probes").in_blocks(probes).sign_tensor((probes * count, axis)),
        };
        // Two halves, of which each has a half of the mean.
        let half = probes / 2;
        let is_first = |row: usize| row / count % probes.max(1) < half;
        let share = |row: usize| match (probes, is_first(row)) {
            (0 | 1, _) => 1.0,
            (_, true) => 0.5 / half as f64,
            (_, false) => 0.5 / (probes - half) as f64,
        };
        let rows = rows(&directions);
        let copies = rows / count;
        let steps = [1.0, -1.0].into_iter().flat_map(|sign| {
            let step = move |row: usize| sign * options.step * at.moments[row % count].noise;
            (0..rows).map(step)
        });
        let steps: Vec<f64> = steps.collect();
        let weights: Vec<f64> = steps.iter().enumerate().map(|(row, h)| share(row) / (2.0 * h)).collect();
        let signed = |(row, weight): (usize, &f64)| if is_first(row) { *weight } else { -weight };
        let contrast = (probes > 1).then(|| weights.iter().enumerate().map(signed).collect());
        let steps: Vec<Real> = steps.into_iter().map(|h| h as Real).collect();
        let points = combine((&at.x, &vec![1.0; 2 * rows]), (&directions, &steps));
        let off = SharedTape::off();
        let twice = repeat(off.watch(&directions), 2);
        let (v, _) = unstack(twice, 2 * rows, (2 * rows, axis), (0, axis));
        let times = at.times.repeat(2 * copies);
        let still = vec![0.0; times.len()];
        let (_, slopes) = energy.pushforward_at(tape.watch(&points), &times, v, &still);
        Self { slopes, weights, contrast }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_points_are_off_the_samples_where_that_is_asked_for() {
        const PAIRS: usize = 20_000;
        let (geometry, t) = (Runtime { latent: 1, data: 1 }, 0.05);
        let x0 = geometry.samples(vec![0.0; 2 * PAIRS]);
        for spread in [1.0, 10.0] {
            let fokker_planck = RegularizerConfig { spread, ..Default::default() };
            let config = DiffusionConfig { fokker_planck, ..Default::default() };
            let at = points(&config, geometry, &x0, &[t as Real; PAIRS], Random::new(1));
            assert_eq!(at.times, [t as Real; 2 * PAIRS]);
            let s = config.process.at(t).noise;
            assert!(at.moments.iter().all(|moment| (moment.noise / s - 1.0).abs() < 1e-5));
            // Of samples at 0 there is only the noise left: of s(t), and of s(t') = rho s(t), ln rho uniform.
            let x = values(&at.x);
            let variance = |x: &[Real]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / PAIRS as f64 / (s * s);
            let [first, second] = [&x[..PAIRS], &x[PAIRS..]].map(variance);
            assert!((first - 1.0).abs() < 0.05, "{first}");
            // E[min(1, rho s)^2] / s^2, by midpoints.
            let uniform = |i: usize| (i as f64 + 0.5) / 1000.0;
            let truth = match spread > 1.0 {
                true => {
                    (0..1000).map(|i| (spread.powf(uniform(i)) * s).min(1.0).powi(2)).sum::<f64>() / 1000.0 / (s * s)
                }
                false => 1.0,
            };
            assert!((second / truth - 1.0).abs() < 0.1, "{second} is not {truth}");
        }
    }
}
