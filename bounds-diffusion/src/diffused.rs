//! Samples carried along the process.

use ebm_core::device::Real;
use ebm_core::diffusion::{Moment, Process};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::kernels::combine::combine;
use ebm_core::random::Random;

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
        let moments: Vec<Moment> = times.iter().map(|&t| process.at(f64::from(t))).collect();
        let factors = |of: fn(&Moment) -> f64| moments.iter().map(|moment| of(moment) as Real).collect::<Vec<_>>();
        let (signal, level) = (factors(|moment| moment.signal), factors(|moment| moment.noise));
        let x = combine((x0, &signal), (&noise, &level));
        Self {
            times,
            moments,
            noise,
            x,
        }
    }
}
