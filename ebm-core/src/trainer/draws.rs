//! What a step draws.

use crate::data::{DataError, Dataset};
use crate::geometry::{Geometry, Latents, Samples};
use crate::random::Random;

/// Latents from N(0, I), `[count, d]`.
pub(super) fn draw_latents<G: Geometry>(geometry: G, count: usize, random: Random) -> Latents<G> {
    random.stream("latents").normal_tensor((count, geometry.latent()))
}

/// Training samples, `[count, D]`.
///
/// # Errors
/// If they cannot be read.
pub(super) fn draw_data<G: Geometry>(
    geometry: G,
    data: &dyn Dataset,
    count: usize,
    random: Random,
) -> Result<Samples<G>, DataError> {
    let values = data.draw(count, random.stream("data"));
    data.intact()?;
    Ok(geometry.samples(values))
}
