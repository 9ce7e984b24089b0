//! Random numbers. Those of single precision are those of double precision, rounded, on a device that has no numbers of its own.

use ebm_core::geometry::{Fixed, Geometry};
use ebm_core::kernels::selftest::{Case, OPERATION, Quantity, doubles};
use ebm_core::models::{Generator, closed_form::LinearGaussian, sample};
use ebm_core::{device::values, random::Random, tape::SharedTape};

use super::reference::Reference;
use super::report::{Row, Verdict};

/// The case that checks whether this build draws the same numbers as the build in double precision.
pub(super) const NAME: &str = "random normals";

const COUNT: usize = 4096;

/// The numbers as they are drawn, and as a generator of nothing but noise gives them.
fn normals() -> [Vec<f64>; 2] {
    let random = Random::new(1).stream("selftest");
    let noise = LinearGaussian::new(Fixed::<1, 1>, &[0.0], &[0.0], 1.0);
    let latents = Fixed::<1, 1>.latents(vec![0.0; COUNT]);
    let samples = sample(&noise as &dyn Generator<_>, &latents, &SharedTape::off(), random);
    [doubles(random.normals(COUNT)), doubles(values(&samples))]
}

/// The numbers, to compare with the reference's.
pub(super) fn case() -> Case {
    Case::new(NAME, OPERATION, || vec![(Quantity::Value, normals().concat())])
}

/// The row of [`case`]. A device may have numbers of its own, as long as they are standard normal ones.
pub(super) fn row(reference: &Reference) -> Row {
    let row = Row::of(&case(), reference.figures(NAME));
    match row.verdict {
        Verdict::Missed if normals().iter().all(|draws| are_normal(draws)) => {
            let note = "other numbers than the reference has; mean and variance are those of N(0, 1)";
            Row::of(&case(), None).noting(note)
        }
        _ => row,
    }
}

/// Whether mean and variance are those of a standard normal distribution, within six standard errors.
fn are_normal(draws: &[f64]) -> bool {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let variance = draws.iter().map(|v| v * v).sum::<f64>() / n;
    mean.abs() < 6.0 / n.sqrt() && (variance - 1.0).abs() < 6.0 * (2.0 / n).sqrt()
}
