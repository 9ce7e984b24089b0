//! An energy and its gradient at many points.

use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::models::{Energy, energy_gradient};

/// Most samples evaluated at once: enough to keep the kernels busy, few enough for any number of samples to fit in memory.
const CHUNK: usize = 8192;

/// `E(x)` `[B]` and its gradients `[B, D]` at points `[B, D]`, row-major.
pub(crate) fn energies_and_gradients<G: Geometry>(energy: &dyn Energy<G>, points: &[Real]) -> (Vec<Real>, Vec<Real>) {
    let geometry = energy.geometry();
    let (mut energies, mut gradients) = (Vec::new(), Vec::with_capacity(points.len()));
    for chunk in points.chunks(geometry.rows_at_once(CHUNK) * geometry.data_width()) {
        let (e, g) = energy_gradient(energy, &geometry.samples(chunk.to_vec()));
        energies.extend(e.as_vec());
        gradients.extend(g.as_vec());
    }
    (energies, gradients)
}
