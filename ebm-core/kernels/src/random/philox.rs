//! Philox4x32-10, a function of a key and a counter: random numbers that a device makes in any order, each on its own.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The kernels of `philox.cu` say the
//! same; what is here finds their keys, and checks them.

/// Multipliers of the first and the third word of a counter, and what the two words of a key grow by each round.
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const GROWTH: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The four words of a key and a counter.
pub(super) fn philox(mut key: [u32; 2], mut counter: [u32; 4]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let [a, b, c, d] = counter;
        let (low, high) = halves(u64::from(MULTIPLIERS[0]) * u64::from(a));
        let (other_low, other_high) = halves(u64::from(MULTIPLIERS[1]) * u64::from(c));
        counter = [other_high ^ b ^ key[0], other_low, high ^ d ^ key[1], low];
        key = [key[0].wrapping_add(GROWTH[0]), key[1].wrapping_add(GROWTH[1])];
    }
    counter
}

/// The low and the high word.
fn halves(value: u64) -> (u32, u32) {
    (value as u32, (value >> 32) as u32)
}

/// The key of a seed's stream: two words of Philox, so that neighbouring seeds have nothing in common.
pub(super) fn key(seed: u64, stream: u64) -> u64 {
    let ((low, high), (a, b)) = (halves(seed), halves(stream));
    let words = philox([low, high], [a, b, 0, 0]);
    u64::from(words[0]) | u64::from(words[1]) << 32
}

/// The numbers of the device's kernels, on the host.
#[cfg(test)]
pub(crate) mod twin {
    use super::{halves, philox};

    /// Word `i` of a key's step: word `i mod 4` of the counter `i / 4`.
    fn words(key: u64, step: u64) -> impl Iterator<Item = u32> {
        let ((first, second), (low, high)) = (halves(key), halves(step));
        (0u64..).flat_map(move |index| {
            let (a, b) = halves(index);
            philox([first, second], [a, b, low, high])
        })
    }

    /// Standard normal numbers, by Box and Muller from pairs of words.
    pub(crate) fn normals(key: u64, step: u64, n: usize) -> Vec<f64> {
        let words: Vec<f64> = words(key, step).take(n.next_multiple_of(2)).map(f64::from).collect();
        let pairs = words.chunks_exact(2).flat_map(|pair| {
            let radius = (-2.0 * ((pair[0] + 0.5) / 2f64.powi(32)).ln()).sqrt();
            let (sine, cosine) = (std::f64::consts::TAU * pair[1] / 2f64.powi(32)).sin_cos();
            [radius * cosine, radius * sine]
        });
        pairs.take(n).collect()
    }

    /// Numbers uniform on [0, 1), of 24 bits.
    pub(crate) fn uniforms(key: u64, step: u64, n: usize) -> Vec<f64> {
        let unit = |word: u32| f64::from(word >> 8) / 2f64.powi(24);
        words(key, step).take(n).map(unit).collect()
    }

    /// Signs: the highest bit of a word says minus.
    pub(crate) fn signs(key: u64, step: u64, n: usize) -> Vec<f64> {
        let sign = |word: u32| if word >> 31 == 0 { 1.0 } else { -1.0 };
        words(key, step).take(n).map(sign).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The authors' own: Random123 1.14.0, tests/kat_vectors, the lines `philox4x32 10` (counter, key, answer).
    #[test]
    fn the_known_answers_of_its_authors_are_found() {
        for (counter, key, answer) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(key, counter), answer);
        }
    }

    #[test]
    fn keys_differ_by_seed_and_by_stream() {
        let found: std::collections::BTreeSet<u64> = (0..30).flat_map(|s| (0..30).map(move |t| key(s, t))).collect();
        assert_eq!(found.len(), 900);
    }

    #[test]
    fn the_numbers_have_the_moments_of_their_distributions() {
        const N: usize = 200_000;
        let mean = |values: &[f64], power: i32| values.iter().map(|v| v.powi(power)).sum::<f64>() / N as f64;
        let own = key(3, 1);
        // The bounds are five standard errors: of the second and the fourth moment 0.0032 and 0.022.
        let normals = twin::normals(own, 2, N);
        assert!(mean(&normals, 1).abs() < 0.011);
        assert!((mean(&normals, 2) - 1.0).abs() < 0.016);
        assert!((mean(&normals, 4) - 3.0).abs() < 0.11);
        // The two of a pair are independent: their products average to 0, with standard error 0.0032.
        let products = normals.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (N / 2) as f64;
        assert!(products.abs() < 0.016);
        // Standard errors 0.00065 and 0.00067.
        let uniforms = twin::uniforms(own, 2, N);
        assert!(uniforms.iter().all(|u| (0.0..1.0).contains(u)));
        assert!((mean(&uniforms, 1) - 0.5).abs() < 0.0033 && (mean(&uniforms, 2) - 1.0 / 3.0).abs() < 0.0034);
        assert!(mean(&twin::signs(own, 2, N), 1).abs() < 0.012);
    }
}
