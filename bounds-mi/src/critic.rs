//! The critic T(x, z).

use dfdx::prelude::*;
use ebm_core::device::{PerSample, Real, device, values};
use ebm_core::geometry::{Geometry, Latents, Samples};
use ebm_core::kernels::columns::concatenate;
use ebm_core::kernels::rows::{take_rows, unstack};
use ebm_core::network::Network;
use ebm_core::tape::SharedTape;

use crate::estimators::Pairs;

/// Pairs that are looked at together where nothing is recorded: enough to fill the machine, few enough for its memory.
const CHUNK: usize = 32_768;

/// The latents that the samples are put together with.
pub(crate) struct Partners<'a, G: Geometry> {
    /// Those of the whole batch.
    pub latents: &'a Latents<G>,
    /// The row of the first sample's own latent.
    pub first: usize,
    /// The row of each pair's latent.
    pub of_pairs: Vec<usize>,
}

/// `T(x_i, z_i)` `[B]` and then `T` of the pairs, for a critic on `concat(x, z)`, in one array on the samples' tape.
pub(crate) fn critic_values<G: Geometry>(
    critic: &Network,
    x: Samples<G, SharedTape>,
    pairs: &Pairs,
    partners: &Partners<'_, G>,
) -> PerSample<SharedTape> {
    let (x, tape) = x.split_tape();
    let of_x: Vec<usize> = (0..pairs.samples).chain(pairs.x.iter().copied()).collect();
    let own = partners.first..partners.first + pairs.samples;
    let of_z: Vec<usize> = own.chain(partners.of_pairs.iter().copied()).collect();
    let off = SharedTape::off();
    let apply = |of_x: &[usize], of_z: &[usize]| -> PerSample<SharedTape> {
        let count = of_x.len();
        // Latents are drawn, so nobody asks for their gradient.
        let z = take_rows(off.watch(partners.latents), of_z);
        let rows = concatenate(take_rows(tape.watch(&x), of_x), z);
        unstack(critic.apply(rows, count, &tape), count, (count,), (0usize,)).0
    };
    if tape.is_recording() {
        return apply(&of_x, &of_z);
    }
    let chunks = of_x.chunks(CHUNK).zip(of_z.chunks(CHUNK));
    let all: Vec<Real> = chunks.flat_map(|(x, z)| values(&apply(x, z))).collect();
    let count = all.len();
    device().tensor_from_vec(all, (count,)).put_tape(tape)
}
