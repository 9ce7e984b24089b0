//! Long arrays in a few numbers, so that the reference stays small.

use super::numbers::mix;

/// Arrays up to this long are kept as they are.
const WHOLE: usize = 48;
/// Of longer ones, so many values, spread evenly,
const VALUES: usize = 12;
/// and as many sums over all of them, with signs at random.
const SUMS: usize = 12;

/// The array, or of a long one some values and sums `1/sqrt(n) sum_i +-x_i`.
///
/// A single value that is wrong by as much as values usually are changes every sum by `1/sqrt(n)` of its usual size: 0.3 % of it
/// for 100,000 values, thousands of times what rounding does.
pub(super) fn digest(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    if n <= WHOLE {
        return values.to_vec();
    }
    let some = (0..VALUES).map(|k| values[k * (n - 1) / (VALUES - 1)]);
    let scale = 1.0 / (n as f64).sqrt();
    let mut sums = [0.0; SUMS];
    for (i, value) in (0u64..).zip(values) {
        let signs = mix(i);
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum += if signs >> k & 1 == 1 { *value } else { -value };
        }
    }
    some.chain(sums.map(|sum| scale * sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_arrays_are_whole_and_long_ones_notice_one_wrong_value_wherever_it_is() {
        let values: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        assert_eq!(digest(&values[..WHOLE]), values[..WHOLE]);
        let right = digest(&values);
        assert_eq!(right.len(), VALUES + SUMS);
        assert_eq!((right[0], right[VALUES - 1]), (values[0], values[4999]));
        for place in [1, 777, 4242] {
            let mut wrong = values.clone();
            wrong[place] += 0.5;
            let found = digest(&wrong);
            // In each of the sums, by 0.5 / sqrt(5000).
            for (a, b) in found[VALUES..].iter().zip(&right[VALUES..]) {
                assert!(((a - b).abs() - 0.5 / 5000f64.sqrt()).abs() < 1e-12);
            }
        }
    }
}
