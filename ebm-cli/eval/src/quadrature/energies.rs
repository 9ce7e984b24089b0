use dfdx::prelude::SplitTape;

use ebm_core::kernels::enclosure::Boxes;
use ebm_core::models::{EnclosedEnergy, Energy};
use ebm_core::{buffers, device::Real, geometry::Geometry, tape::SharedTape};
use ebm_train::{Cancel, Cancelled};

/// Rows evaluated at once: enough for the kernels to run at full speed, little enough to stay in cache.
pub(super) const CHUNK: usize = 16_384;

/// `E(x)` in nats for row-major points `[n, D]`, evaluated in chunks so that memory stays bounded.
///
/// # Panics
/// If the number of values is no multiple of `D`.
pub fn energies<G: Geometry>(energy: &dyn Energy<G>, points: &[Real]) -> Vec<Real> {
    energies_until(energy, points, &Cancel::default())
}

/// The same. Once cancelled, the rest are zeros, which nobody is to look at.
pub(crate) fn energies_until<G: Geometry>(energy: &dyn Energy<G>, points: &[Real], cancel: &Cancel) -> Vec<Real> {
    let width = energy.geometry().data_width();
    let mut values = Vec::with_capacity(points.len() / width.max(1));
    let rows = energy.geometry().rows_at_once(CHUNK);
    for chunk in points.chunks(rows * width) {
        match cancel.is_requested() {
            true => values.resize(values.len() + chunk.len() / width.max(1), 0.0),
            false => values.extend_from_slice(&chunk_energies(energy, chunk.to_vec())),
        }
    }
    values
}

/// `E(x)` of points `[n, D]` in double precision, and by how much the worst of them may be off.
pub fn proved_energies(energy: &dyn EnclosedEnergy, points: &[Real], width: usize) -> (Vec<f64>, f64) {
    proved_energies_until(energy, points, width, &Cancel::default())
}

/// The same. Once cancelled, the rest are zeros, which nobody is to look at.
pub(crate) fn proved_energies_until(
    energy: &dyn EnclosedEnergy,
    points: &[Real],
    width: usize,
    cancel: &Cancel,
) -> (Vec<f64>, f64) {
    let mut values = Vec::with_capacity(points.len() / width.max(1));
    let mut error = 0.0f64;
    for chunk in points.chunks(256 * width) {
        if cancel.is_requested() {
            values.resize(points.len() / width.max(1), 0.0);
            break;
        }
        let found = energy.over(&Boxes::points(width, chunk.iter().map(|x| f64::from(*x)).collect()));
        for index in 0..found.boxes() {
            let (low, high) = found.range(index, 0);
            values.push(0.5 * (low + high));
            error = error.max(0.5 * (high - low));
        }
    }
    (values, error)
}

/// The energies `[n]` of one chunk of points `[n, D]`, of an energy of any geometry, unless that was cancelled.
pub(super) type Energies<'a> = dyn Fn(Vec<Real>) -> Result<Vec<Real>, Cancelled> + 'a;

pub(super) fn chunk_energies<G: Geometry>(energy: &dyn Energy<G>, points: Vec<Real>) -> Vec<Real> {
    let x = energy.geometry().samples(points);
    let (values, _) = energy.forward(SharedTape::off().watch(&x)).split_tape();
    buffers::read(&values).into_owned()
}
