//! The figures of a case, as they are compared and kept: long arrays in a few numbers, so that the reference stays small.

use ebm_core::kernels::selftest::{Case, Quantity, mix};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Arrays of values by their meaning; a long array is kept as a [`digest`].
pub(super) type Figures = BTreeMap<Quantity, Vec<Vec<f64>>>;

/// The reason why a case has no values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// The case cannot be run here: nothing is wrong.
    Unfit(String),
    /// The case panicked, or a value is not finite.
    Broken(String),
}

/// Runs a case.
pub(super) fn figures(case: &Case, seed: u64) -> Result<Figures, Fault> {
    let found = catch_unwind(AssertUnwindSafe(|| case.run(seed)))
        .map_err(|panic| Fault::Broken(format!("it panicked: {}", message(&*panic))))?
        .map_err(Fault::Unfit)?;
    let mut figures = Figures::new();
    for (quantity, values) in found {
        if let Some(place) = values.iter().position(|v| !v.is_finite()) {
            let value = values[place];
            return Err(Fault::Broken(format!("{quantity}: figure {place} is {value}")));
        }
        figures.entry(quantity).or_default().push(digest(&values));
    }
    Ok(figures)
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Length up to which arrays are kept as they are.
const WHOLE: usize = 48;
/// Number of values that are kept of a longer array, spread evenly,
const VALUES: usize = 12;
/// and number of sums over all of its values, with signs at random.
const SUMS: usize = 12;

/// The array, or of a long one some values and sums `1/sqrt(n) sum_i +-x_i`.
///
/// A single value that is wrong by as much as values usually are changes every sum by `1/sqrt(n)` of its usual size: 0.3 % of it
/// for 100,000 values, thousands of times the effect of rounding.
fn digest(values: &[f64]) -> Vec<f64> {
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
    use ebm_core::kernels::selftest::Found;

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

    #[test]
    fn a_panic_and_what_is_no_number_are_faults_that_say_where() {
        let broken = |work: fn() -> Found| match figures(&Case::new("a", 1.0, work), 0) {
            Err(Fault::Broken(message)) => message,
            other => panic!("{other:?}"),
        };
        let message = super::super::quietly(|| broken(|| panic!("out of memory")));
        assert_eq!(message, "it panicked: out of memory");
        let message = broken(|| vec![(Quantity::InInputs, vec![1.0, f64::NAN])]);
        assert_eq!(message, "gradient in x: figure 1 is NaN");
    }
}
