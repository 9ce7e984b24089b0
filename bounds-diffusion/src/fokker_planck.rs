//! The residual of the Fokker-Planck equation for E(x, t).
//!
//! With `log p = -E - const(t)` and the drift `c(t) x`, the equation says that
//! `R(x, t) = d_t E + c x . grad E + g^2/2 (||grad E||^2 - lap E)` is a function of t alone. Two samples at one time therefore
//! tell the residual: `1/2 E (R(x, t) - R(x', t))^2` is the variance of R over x, whatever the constant.

use ebm_core::kernels::residual::{Laplacians, Place, pair_variance};
use ebm_core::kernels::rows::{repeat, unstack};
use ebm_core::models::{TimedEnergy, timed_energy_gradient};
use ebm_core::{diffusion::Moment, jacobian::axes, kernels::combine::combine, prelude::*};

use crate::config::{DiffusionConfig, RegularizerConfig};
use crate::diffused::{Diffused, laplacian};

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
    let noise = random.stream("residual-noise");
    let at = Diffused::new(geometry, &config.process, x0, times.repeat(2), noise);

    // Along (c x + g^2 grad E, 1) the slope is R + g^2/2 (||grad E||^2 + lap E), and with grad E held fixed there its
    // derivative in the parameters is that of R + g^2/2 lap E.
    let (_, gradient) = timed_energy_gradient(energy, &at.x, &at.times);
    let squares = square_norm(&gradient);
    let factors = |of: fn(&Moment) -> f64| at.moments.iter().map(|moment| of(moment) as Real).collect::<Vec<_>>();
    let (drift, diffusion) = (factors(|moment| moment.drift), factors(|moment| moment.diffusion));
    let directions = SharedTape::off().watch(&combine((&at.x, &drift), (&gradient, &diffusion)));
    let (_, slopes) = energy.pushforward_at(tape.watch(&at.x), &at.times, directions, &vec![1.0; count]);
    let quotient = tape.is_recording().then(|| Quotient::new(config.fokker_planck, energy, &at, random, tape));
    let place = |m: &Moment| Place { diffusion: m.diffusion, unit: m.noise * m.noise / m.diffusion };
    let places: Vec<Place> = at.moments.iter().map(place).collect();
    let plain = detach(slopes.clone());
    let found = match &quotient {
        Some(quotient) => {
            let of = detach(quotient.slopes.clone());
            pair_variance(&plain, &squares, Laplacians::OfSlopes(&of, &quotient.weights), &places)
        }
        None => {
            let known = laplacian(energy, &at, random.stream("residual-probes"));
            pair_variance(&plain, &squares, Laplacians::Known(&known), &places)
        }
    };
    // All is queued.
    let variance = found.variance.read()[0];
    let mut taped = differentiated_by(slopes, variance, found.in_slopes);
    if let Some((quotient, in_slopes)) = quotient.zip(found.in_laplacians) {
        taped = taped + differentiated_by(quotient.slopes, 0.0, in_slopes);
    }
    Some(Residual { variance: taped, root_mean_square: variance.sqrt() })
}

/// The Laplacian as `sum_u (<grad E(x + h u), u> - <grad E(x - h u), u>) / 2h` over directions u, with h a share of s(t).
struct Quotient {
    /// Slopes at `x + h u`, then at `x - h u`, direction-major: `[2 U B]`.
    slopes: PerSample<SharedTape>,
    /// `1 / 2h`, or minus that, for each.
    weights: Vec<f64>,
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
        let (directions, share): (Samples<G>, f64) = match options.probes {
            0 => (axes(count, axis), 1.0),
            probes => {
                let place = random.stream("residual-probes");
                let signs = place.in_blocks(probes).sign_tensor((probes * count, axis));
                (signs, 1.0 / probes as f64)
            }
        };
        let rows = rows(&directions);
        let copies = rows / count;
        let steps = [1.0, -1.0].into_iter().flat_map(|sign| {
            let step = move |row: usize| sign * options.step * at.moments[row % count].noise;
            (0..rows).map(step)
        });
        let steps: Vec<f64> = steps.collect();
        let weights = steps.iter().map(|h| share / (2.0 * h)).collect();
        let steps: Vec<Real> = steps.into_iter().map(|h| h as Real).collect();
        let points = combine((&at.x, &vec![1.0; 2 * rows]), (&directions, &steps));
        let off = SharedTape::off();
        let twice = repeat(off.watch(&directions), 2);
        let (v, _) = unstack(twice, 2 * rows, (2 * rows, axis), (0, axis));
        let times = at.times.repeat(2 * copies);
        let still = vec![0.0; times.len()];
        let (_, slopes) = energy.pushforward_at(tape.watch(&points), &times, v, &still);
        Self { slopes, weights }
    }
}
