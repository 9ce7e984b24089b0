//! Numbers that are the same in single and in double precision.

use crate::device::Real;

/// Returns `count` numbers named by `name`: odd multiples of 1/128 between -1 and 1, so that none of them is 0.
///
/// Products of two are multiples of 1/16384, and sums of 1,000 such products are still exact in single precision: whether a
/// sum of a layer's inputs is above or below zero does not depend on the precision.
pub fn numbers(name: &str, count: usize) -> Vec<Real> {
    scaled(name, count, 0)
}

/// The numbers of [`numbers`] times `2^exponent`.
pub fn scaled(name: &str, count: usize, exponent: i32) -> Vec<Real> {
    let unit = (2.0 as Real).powi(exponent - 7);
    let key = hash(name);
    (0..count as u64)
        .map(|k| {
            let bits = mix(key.wrapping_add(k));
            // 2 (bits mod 128) - 127: odd, from -127 to 127.
            (2.0 * (bits % 128) as Real - 127.0) * unit
        })
        .collect()
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The output function of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_splitmix64() {
        // The first three outputs of the generator with the seed 0, from its reference implementation in C.
        let expected = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f];
        assert_eq!([1, 2, 3].map(mix), expected);
    }

    #[test]
    fn every_number_is_the_same_in_both_precisions_and_none_is_zero() {
        for exponent in [0, -5, 3] {
            for number in scaled("name", 1000, exponent) {
                let number = f64::from(number);
                assert_eq!(f64::from(number as f32), number);
                let steps = number * 2f64.powi(7 - exponent);
                assert!(steps.fract() == 0.0 && steps.abs() <= 127.0 && steps as i64 % 2 != 0, "{number}");
            }
        }
        assert_ne!(numbers("a", 8), numbers("b", 8));
    }
}
