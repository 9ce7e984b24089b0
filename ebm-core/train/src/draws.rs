//! The draws of a step.

use ebm_core::data::{DataError, Dataset};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::random::Random;

/// Latents from N(0, I) of a batch of `count`: `[count, d]`, or the rows of the part of it that `random` is for.
pub(crate) fn draw_latents<G: Geometry>(geometry: G, count: usize, random: Random) -> Latents<G> {
    let own = random.shared_by().of(count);
    random.stream("latents").normal_tensor((own, geometry.latent()))
}

/// Training samples of a batch of `count`: `[count, D]`, or the rows of the part of it that `random` is for.
/// The whole batch is drawn either way: data sets cannot draw parts of a batch.
pub(crate) fn draw_data<G: Geometry>(
    geometry: G,
    data: &dyn Dataset,
    count: usize,
    random: Random,
) -> Result<Samples<G>, DataError> {
    let mut values = data.draw(count, random.whole().stream("data"));
    data.intact()?;
    let share = random.shared_by();
    if !share.is_all() {
        let (rows, width) = (share.rows(count), geometry.data_width());
        values = values[rows.start * width..rows.end * width].to_vec();
    }
    Ok(geometry.samples(values))
}
