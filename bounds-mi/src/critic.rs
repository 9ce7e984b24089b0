use ebm_core::kernels::rows::{take_rows, unstack};
use ebm_core::{kernels::columns::concatenate, network::Network, prelude::*};
use std::ops::Range;

use crate::estimators::Pairs;

/// Pairs that are looked at together where nothing is recorded: enough to fill the machine, few enough for its memory.
const CHUNK: usize = 32_768;

/// The latents that the samples are paired with.
pub(crate) struct Partners<'a, G: Geometry> {
    /// The latents of the whole batch.
    pub latents: &'a Latents<G>,
    /// The rows of the samples' own latents.
    pub own: Range<usize>,
    /// The row of each pair's latent.
    pub of_pairs: Vec<usize>,
}

/// `T(x_i, z_i)` `[B]` and then `T` of the pairs, for a critic on `concat(x, z)`, in one array on the tape of the samples.
pub(crate) fn critic_values<G: Geometry>(
    critic: &Network,
    x: &Samples<G, SharedTape>,
    tape: &SharedTape,
    pairs: &Pairs,
    partners: &Partners<'_, G>,
) -> PerSample<SharedTape> {
    let of_x: Vec<usize> = (0..pairs.samples).chain(pairs.x.iter().copied()).collect();
    let of_z: Vec<usize> = partners.own.clone().chain(partners.of_pairs.iter().copied()).collect();
    let apply = |of_x: &[usize], of_z: &[usize]| -> PerSample<SharedTape> {
        let count = of_x.len();
        // Latents are drawn, so their gradient is never needed.
        let z = take_rows(SharedTape::off().watch(partners.latents), of_z);
        let rows = concatenate(take_rows(x.clone(), of_x), z);
        unstack(critic.apply(rows, count, tape), count, (count,), (0usize,)).0
    };
    if tape.is_recording() {
        return apply(&of_x, &of_z);
    }
    let chunks = of_x.chunks(CHUNK).zip(of_z.chunks(CHUNK));
    let all: Vec<Real> = chunks.flat_map(|(x, z)| values(&apply(x, z))).collect();
    let count = all.len();
    tape.watch(&tensor(all, (count,)))
}
