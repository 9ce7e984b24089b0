use ebm_core::{device::Real, random::Random};
use ebm_train::Cancel;

use crate::sampling::{Chains, Method, Potential, Transition};

/// Steps of the descent before the transitions.
const DESCENT: usize = 32;
/// A step of the descent that lowers the energy is made longer, and another is taken back and made shorter, by these factors.
const LONGER: f64 = 1.4;
const SHORTER: f64 = 0.5;
/// Leapfrog steps of a transition.
const LEAPFROG: usize = 4;
/// Gain of the step size's adaptation in the first half of the transitions.
const GAIN: f64 = 0.6;
/// States that are kept of each chain, from the second half.
const KEPT: usize = 5;

/// States of chains on an energy.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    /// `[n, D]`, all of finite energy.
    pub points: Vec<Real>,
    /// `[n]`, in nats.
    pub energies: Vec<f64>,
}

/// The options of [`States::of`].
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub width: usize,
    /// A length in units of the data: the mean standard deviation.
    pub scale: f64,
    pub transitions: usize,
    /// Whether chains go down first: from data they need not.
    pub descend: bool,
    /// Once it is requested, chains stay where they are, and nobody is to look at them.
    pub cancel: &'a Cancel,
}

impl States {
    /// Takes chains from `start` `[B, D]` and keeps some states of each.
    pub fn of(potential: &Potential<'_>, start: Vec<Real>, walk: Walk<'_>, random: Random) -> Self {
        let Walk { width, scale, transitions, descend, cancel } = walk;
        let start = if descend { descended(potential, start, walk) } else { start };
        let (energies, gradients) = potential(&start);
        let energies = energies.into_iter().map(|e| if e.is_nan() { Real::INFINITY } else { e }).collect();
        let mut chains = Chains::resume(potential, width, start, energies, gradients);
        let mut step_size = 0.2 * scale * (width as f64).powf(-0.25);
        let half = transitions / 2;
        let every = ((transitions - half) / KEPT).max(1);
        let mut kept = Self::default();
        for step in (0..transitions).take_while(|_| !cancel.is_requested()) {
            let place = random.at(step as u64);
            let jitter = 0.8 + 0.4 * f64::from(place.stream("jitter").uniforms(1)[0]);
            let transition = Transition { step_size: step_size * jitter, leapfrog: LEAPFROG, tested: true };
            let outcome = chains.advance(transition, place);
            if step < half {
                step_size *= (GAIN * (outcome.acceptance - Method::Hmc.target_acceptance())).exp();
            } else if (transitions - 1 - step).is_multiple_of(every) {
                kept.keep(chains.energies(), &chains.points, width);
            }
        }
        kept
    }

    /// The part of the states that `choose` tells by their numbers.
    pub fn only(&self, width: usize, choose: impl Fn(usize) -> bool) -> Self {
        let mut chosen = Self::default();
        for (i, row) in self.points.chunks_exact(width).enumerate().filter(|(i, _)| choose(*i)) {
            chosen.points.extend_from_slice(row);
            chosen.energies.push(self.energies[i]);
        }
        chosen
    }

    /// The mean energy, in nats.
    pub fn mean_energy(&self) -> f64 {
        self.energies.iter().sum::<f64>() / self.energies.len() as f64
    }

    /// The lowest energy, in nats.
    pub fn lowest(&self) -> f64 {
        self.energies.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn keep(&mut self, energies: &[Real], points: &[Real], width: usize) {
        for (energy, row) in energies.iter().zip(points.chunks_exact(width)).filter(|(energy, _)| energy.is_finite()) {
            self.points.extend_from_slice(row);
            self.energies.push(f64::from(*energy));
        }
    }
}

/// Points that are lower on the energy: each goes down its gradient in steps of a length of its own.
fn descended(potential: &Potential<'_>, mut points: Vec<Real>, walk: Walk<'_>) -> Vec<Real> {
    let Walk { width, scale, cancel, .. } = walk;
    let (mut energies, mut gradients) = potential(&points);
    let mut lengths = vec![scale; energies.len()];
    for _ in (0..DESCENT).take_while(|_| !cancel.is_requested()) {
        let mut tried = points.clone();
        let rows = tried.chunks_exact_mut(width).zip(gradients.chunks_exact(width));
        for ((row, gradient), length) in rows.zip(&lengths) {
            let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            if norm > 0.0 && norm.is_finite() {
                row.iter_mut().zip(gradient).for_each(|(x, g)| *x -= (length * f64::from(*g) / norm) as Real);
            }
        }
        let (found, slopes) = potential(&tried);
        for b in 0..energies.len() {
            let row = b * width..(b + 1) * width;
            // Where the energy is no number, any other is better.
            if found[b] < energies[b] || (energies[b].is_nan() && !found[b].is_nan()) {
                points[row.clone()].copy_from_slice(&tried[row.clone()]);
                gradients[row.clone()].copy_from_slice(&slopes[row]);
                energies[b] = found[b];
                lengths[b] *= LONGER;
            } else {
                lengths[b] *= SHORTER;
            }
        }
    }
    points
}
