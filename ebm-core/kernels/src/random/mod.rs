//! Random numbers as a function of (seed, stream, step).
//!
//! Nothing in the system keeps a generator's state: a draw is named by the run's seed, the purpose it serves and the
//! step it serves it at, so a resumed run draws what the undisturbed run would have drawn.

// On the CPU, also where kernels are emulated, draws are those of the host.
#[cfg(any(feature = "cuda", all(test, device_kernels)))]
mod cuda;
#[cfg(any(feature = "cuda", test))]
mod philox;
mod share;

pub use share::Share;

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::prelude::*;

/// A named place in the space of random numbers.
///
/// A place may be one part's of several ([`Random::share`]): where one process draws for the whole batch, each of several
/// draws, at the same place, the numbers of its own samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    seed: u64,
    stream: u64,
    step: u64,
    share: Share,
    blocks: usize,
}

impl Random {
    /// The root of a run's random numbers.
    pub fn new(seed: u64) -> Self {
        Self { seed, stream: 0, step: 0, share: Share::ALL, blocks: 1 }
    }

    /// A sub-stream for one purpose. Streams nest: `stream("a").stream("b")` differs from `stream("b").stream("a")`.
    pub fn stream(self, purpose: &str) -> Self {
        // FNV-1a, continued over the parent's hash.
        let mut hash = self.stream ^ 0xcbf2_9ce4_8422_2325;
        for byte in purpose.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self { stream: hash, ..self }
    }

    /// The same stream at a step.
    pub fn at(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The step of this place.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The same place for one part of a batch: of the numbers that are drawn there for all samples, in their order, those of
    /// the part's samples.
    pub fn share(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// The part of a batch that this place is for.
    pub fn shared_by(&self) -> Share {
        self.share
    }

    /// The same place for the whole batch: for numbers that all samples have in common.
    pub fn whole(self) -> Self {
        self.share(Share::ALL)
    }

    /// The same place for numbers in `blocks` equal blocks that have values of every sample each, such as K directions of B
    /// samples, `[K*B, d]`: so a part of the batch gets its own rows of each block.
    pub fn in_blocks(self, blocks: usize) -> Self {
        Self { blocks, ..self }
    }

    /// A generator for this place: ChaCha8 keyed by (seed, stream, step), and by the part where it is for one.
    pub fn rng(&self) -> ChaCha8Rng {
        self.keyed(match self.share.is_all() {
            true => 0,
            false => 1 + self.share.rank() as u64,
        })
    }

    /// `n` standard normal values.
    ///
    /// # Panics
    /// As all that draw: if the place is for a part of a batch, and `n` values are no equal blocks.
    pub fn normals(&self, n: usize) -> Vec<Real> {
        self.own(n, |rng| StandardNormal.sample(rng))
    }

    /// `n` values uniform on [0, 1).
    pub fn uniforms(&self, n: usize) -> Vec<Real> {
        self.own(n, |rng| rng.random::<Real>())
    }

    /// `n` signs, +1 or -1 with equal probability (Rademacher).
    pub fn signs(&self, n: usize) -> Vec<Real> {
        self.own(n, |rng| if rng.random::<bool>() { 1.0 } else { -1.0 })
    }

    /// Standard normal values, made where the tensor is: on CUDA by Philox4x32-10 (Salmon et al., SC 2011) keyed by (seed,
    /// stream, step), so that nothing is copied; elsewhere those of [`Random::normals`].
    pub fn normal_tensor<S: Shape>(&self, shape: S) -> Tensor<S, Real, Dev> {
        #[cfg(feature = "cuda")]
        return self.on_device(shape, cuda::philox_normals);
        #[cfg(not(feature = "cuda"))]
        crate::buffers::tensor(self.normals(shape.num_elements()), shape)
    }

    /// Values uniform on [0, 1), made where the tensor is, as those of [`Random::normal_tensor`].
    pub fn uniform_tensor<S: Shape>(&self, shape: S) -> Tensor<S, Real, Dev> {
        #[cfg(feature = "cuda")]
        return self.on_device(shape, cuda::philox_uniforms);
        #[cfg(not(feature = "cuda"))]
        crate::buffers::tensor(self.uniforms(shape.num_elements()), shape)
    }

    /// Signs, +1 or -1 with equal probability, made where the tensor is, as the values of [`Random::normal_tensor`].
    pub fn sign_tensor<S: Shape>(&self, shape: S) -> Tensor<S, Real, Dev> {
        #[cfg(feature = "cuda")]
        return self.on_device(shape, cuda::philox_signs);
        #[cfg(not(feature = "cuda"))]
        crate::buffers::tensor(self.signs(shape.num_elements()), shape)
    }

    /// The numbers that a kernel makes of a key and a step.
    #[cfg(feature = "cuda")]
    fn on_device<S: Shape>(
        &self,
        shape: S,
        kernel: fn(usize, usize, u64, u64, Out) -> DevResult,
    ) -> Tensor<S, Real, Dev> {
        let key = philox::key(self.seed, self.stream);
        filled(shape, |mut y| {
            let (blocks, block) = self.blocks_of(y.len());
            (0..blocks).try_for_each(|k| {
                let first = (k * self.share.ranks() + self.share.rank()) * block;
                kernel(block, first, key, self.step, y.part(k * block..(k + 1) * block))
            })
        })
    }

    /// The number of blocks in this part's `n` values, and the length of each. A draw for the whole batch is one block.
    fn blocks_of(&self, n: usize) -> (usize, usize) {
        let blocks = if self.share.is_all() { 1 } else { self.blocks };
        let block = n / blocks.max(1);
        assert_eq!(block * blocks, n, "{n} values in {blocks} equal blocks");
        (blocks, block)
    }

    /// The numbers 0..n in random order, of which each part has its own.
    pub fn permutation(&self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut self.rng());
        order
    }

    fn keyed(&self, part: u64) -> ChaCha8Rng {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.stream.to_le_bytes());
        key[16..24].copy_from_slice(&self.step.to_le_bytes());
        key[24..].copy_from_slice(&part.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }

    /// This part's share of values drawn for the whole batch. The other parts' values are drawn and discarded: a normal value
    /// takes an amount of the stream that is not known in advance, so they cannot be skipped.
    fn own(&self, n: usize, mut draw: impl FnMut(&mut ChaCha8Rng) -> Real) -> Vec<Real> {
        let (mut rng, (blocks, block)) = (self.keyed(0), self.blocks_of(n));
        let mut own = Vec::with_capacity(n);
        for part in 0..blocks * self.share.ranks() {
            let drawn = (0..block).map(|_| draw(&mut rng));
            match part % self.share.ranks() == self.share.rank() {
                true => own.extend(drawn),
                false => drawn.for_each(drop),
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_by_seed_stream_and_step_and_by_nothing_else() {
        let a = Random::new(1).stream("a").at(1);
        assert_eq!(a.normals(8), Random::new(1).stream("a").at(1).normals(8));
        for other in [
            Random::new(2).stream("a").at(1),
            Random::new(1).stream("b").at(1),
            Random::new(1).stream("a").at(2),
            Random::new(1).stream("a").stream("a").at(1),
        ] {
            assert_ne!(a.normals(8), other.normals(8));
        }
    }

    #[test]
    fn a_longer_draw_starts_with_the_shorter_one() {
        let place = Random::new(5).stream("x");
        assert_eq!(place.normals(10)[..4], place.normals(4)[..]);
    }

    #[test]
    fn normals_have_the_moments_of_a_standard_normal() {
        let draw = Random::new(3).stream("moments").normals(200_000);
        // Standard errors: 0.0022, 0.0032, 0.022; the bounds are five of them.
        for (power, expected, bound) in [(1, 0.0, 0.011), (2, 1.0, 0.016), (4, 3.0, 0.11)] {
            let moment = draw.iter().map(|v| f64::from(*v).powi(power)).sum::<f64>() / draw.len() as f64;
            assert!((moment - expected).abs() < bound, "moment {power}: {moment}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_together_draw_what_the_whole_does(ranks in 1usize..5, rows in 1usize..6, blocks in 1usize..4, seed: u64) {
            let place = Random::new(seed).stream("parts").at(2);
            let parts = (0..ranks).map(|rank| place.share(Share::new(rank, ranks)));
            for (blocks, draw) in [(blocks, Random::normals as fn(&Random, usize) -> _), (blocks, Random::signs), (1, Random::uniforms)] {
                let whole = draw(&place, blocks * rows * ranks);
                let drawn: Vec<Vec<Real>> = parts.clone().map(|part| draw(&part.in_blocks(blocks), blocks * rows)).collect();
                let block = |k: usize| drawn.iter().flat_map(move |part| part[k * rows..(k + 1) * rows].to_vec());
                let together: Vec<Real> = (0..blocks).flat_map(block).collect();
                proptest::prop_assert_eq!(together, whole);
            }
        }
    }

    #[test]
    fn parts_have_generators_of_their_own_and_share_what_is_for_the_whole() {
        let place = Random::new(5).stream("parts");
        let [first, second] = [0, 1].map(|rank| place.share(Share::new(rank, 2)));
        assert_ne!(first.permutation(20), second.permutation(20));
        assert_ne!(first.permutation(20), place.permutation(20));
        assert_eq!(first.stream("a").at(3).whole(), place.stream("a").at(3));
        assert_eq!(second.at(3).shared_by(), Share::new(1, 2));
    }
}
