use ebm_core::models::{Generator, sample};
use ebm_core::{device::Real, device::values, geometry::Geometry, random::Random, tape::SharedTape};
use ebm_train::Cancel;

/// Most samples drawn at once: memory stays bounded for any number.
const CHUNK: usize = 16_384;

/// `n` samples `G(z) + sigma n`, row-major `[n, D]`.
pub fn generated_samples<G: Geometry>(generator: &dyn Generator<G>, n: usize, random: Random) -> Vec<Real> {
    let mut samples = Vec::with_capacity(n * generator.geometry().data_width());
    for_generated(generator, n, random, &Cancel::default(), |chunk| samples.extend(chunk));
    samples
}

/// Calls `f` with the samples of [`generated_samples`], chunk by chunk. Once cancelled, the rest are zeros, which nobody is to look
/// at: as many as are expected, at no cost.
pub(crate) fn for_generated<G: Geometry>(
    generator: &dyn Generator<G>,
    n: usize,
    random: Random,
    cancel: &Cancel,
    mut f: impl FnMut(&[Real]),
) {
    let geometry = generator.geometry();
    let chunk = geometry.rows_at_once(CHUNK);
    for (index, start) in (0..n).step_by(chunk).enumerate() {
        let place = random.at(index as u64);
        let count = chunk.min(n - start);
        if cancel.is_requested() {
            f(&vec![0.0; count * geometry.data_width()]);
            continue;
        }
        let latents = place.stream("latents").normals(count * geometry.latent_width());
        let drawn = sample(generator, &geometry.latents(latents), &SharedTape::off(), place.stream("samples"));
        f(&drawn.as_vec());
    }
}

/// `G(z)` `[n, D]` without noise, of latents `[n, d]`.
pub(crate) fn for_latents<G: Geometry>(generator: &dyn Generator<G>, latents: &[Real]) -> Vec<Real> {
    let geometry = generator.geometry();
    let mut samples = Vec::new();
    for chunk in latents.chunks(geometry.rows_at_once(CHUNK) * geometry.latent_width()) {
        let z = geometry.latents(chunk.to_vec());
        samples.extend(values(&generator.forward(SharedTape::off().watch(&z))));
    }
    samples
}
