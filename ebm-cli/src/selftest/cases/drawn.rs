//! Random numbers. Those of single precision are those of double precision, rounded, on a device that has no numbers of its own.

use ebm_core::device::values;
use ebm_core::geometry::{Fixed, Geometry};
use ebm_core::models::{Generator, closed_form::LinearGaussian, sample};
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;

use crate::selftest::case::{Case, Draws, OPERATION};
use crate::selftest::figures::Compared;
use crate::selftest::operation::doubles;

const COUNT: usize = 4096;

/// The numbers as they are drawn, and as a generator of nothing but noise gives them.
fn normals() -> [Vec<f64>; 2] {
    let random = Random::new(1).stream("selftest");
    let noise = LinearGaussian::new(Fixed::<1, 1>, &[0.0], &[0.0], 1.0);
    let latents = Fixed::<1, 1>.latents(vec![0.0; COUNT]);
    let samples = sample(&noise as &dyn Generator<_>, &latents, &SharedTape::off(), random);
    [doubles(random.normals(COUNT)), doubles(values(&samples))]
}

/// Whether they are the reference's.
pub fn draws(name: &str) -> Case {
    Case::fallible(name, OPERATION, Draws::Nothing, |_| {
        Ok(vec![(Compared::Value, normals().concat())])
    })
}

/// Whether they are standard normal ones, by mean and variance: within six standard errors.
pub fn are_normal() -> bool {
    normals().into_iter().all(|draws| {
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|v| v * v).sum::<f64>() / n;
        mean.abs() < 6.0 / n.sqrt() && (variance - 1.0).abs() < 6.0 * (2.0 / n).sqrt()
    })
}
