use ebm_core::diffusion::{Moment, Process};
use ebm_core::models::{TimedEnergy, timed_curvature};
use ebm_core::{jacobian::axes, kernels::combine::combine, prelude::*};

/// Dimensions up to which a Laplacian is summed over all axes.
const ALL_AXES: usize = 16;

/// `x_t = a(t) x_0 + s(t) n`, a time a sample.
pub(crate) struct Diffused<G: Geometry> {
    /// `[B]`
    pub times: Vec<Real>,
    /// The process at these times, `[B]`.
    pub moments: Vec<Moment>,
    /// n, `[B, D]`.
    pub noise: Samples<G>,
    /// `[B, D]`
    pub x: Samples<G>,
}

impl<G: Geometry> Diffused<G> {
    /// The first samples of `x0` `[>= B, D]` at `times` `[B]`, with noise drawn from `random`.
    pub fn new(geometry: G, process: &Process, x0: &Samples<G>, times: Vec<Real>, random: Random) -> Self {
        let noise = random.normal_tensor((times.len(), geometry.data()));
        let moments = moments(process, &times);
        let factors = |of: fn(&Moment) -> f64| moments.iter().map(|moment| of(moment) as Real).collect::<Vec<_>>();
        let (signal, level) = (factors(|moment| moment.signal), factors(|moment| moment.noise));
        let x = combine((x0, &signal), (&noise, &level));
        Self { times, moments, noise, x }
    }

    /// The same points, taken for points of other times `[B]`.
    pub fn seen_at(self, process: &Process, times: Vec<Real>) -> Self {
        Self { moments: moments(process, &times), times, ..self }
    }
}

fn moments(process: &Process, times: &[Real]) -> Vec<Moment> {
    times.iter().map(|&t| process.at(f64::from(t))).collect()
}

/// Whether a Laplacian of this width is that of one random direction.
pub(crate) fn is_sampled(width: usize) -> bool {
    width > ALL_AXES
}

/// The Laplacian of E(., t) at every sample: exact up to a certain width, else with one random direction.
pub(crate) fn laplacian<G: Geometry>(energy: &dyn TimedEnergy<G>, at: &Diffused<G>, random: Random) -> Vec<f64> {
    let (count, width) = (at.times.len(), energy.geometry().data_width());
    let directions = match is_sampled(width) {
        false => values(&axes(count, energy.geometry().data())),
        true => random.signs(count * width),
    };
    let curvature = timed_curvature(energy, &at.x, &at.times, &directions);
    let mut total = vec![0.0; count];
    for block in curvature.chunks_exact(count) {
        total.iter_mut().zip(block).for_each(|(t, c)| *t += f64::from(*c));
    }
    total
}
