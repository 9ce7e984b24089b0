//! Samples carried along the process.

use ebm_core::device::{Real, values};
use ebm_core::diffusion::{Moment, Process};
use ebm_core::geometry::{Geometry, Samples};

/// `x_t = a(t) x_0 + s(t) n`, a time a sample.
pub(crate) struct Diffused<G: Geometry> {
    /// `[B]`
    pub times: Vec<Real>,
    /// The process at these times, `[B]`.
    pub moments: Vec<Moment>,
    /// n, `[B, D]`.
    pub noise: Vec<Real>,
    /// `[B, D]`
    pub x: Samples<G>,
}

impl<G: Geometry> Diffused<G> {
    /// Samples `x0` `[B, D]` at `times` `[B]`, with the noise `[B, D]` given.
    pub fn new(geometry: G, process: &Process, x0: &Samples<G>, times: Vec<Real>, noise: Vec<Real>) -> Self {
        let width = geometry.data_width();
        let moments: Vec<Moment> = times.iter().map(|&t| process.at(f64::from(t))).collect();
        let mut x = values(x0);
        let rows = x.chunks_exact_mut(width).zip(noise.chunks_exact(width));
        for ((x, n), moment) in rows.zip(&moments) {
            let (a, s) = (moment.signal as Real, moment.noise as Real);
            x.iter_mut().zip(n).for_each(|(x, n)| *x = a * *x + s * n);
        }
        Self {
            times,
            moments,
            noise,
            x: geometry.samples(x),
        }
    }
}
