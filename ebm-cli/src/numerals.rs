//! Numbers formatted for people.

use indicatif::HumanCount;

/// A value with a fixed number of decimals, as a power of ten where that would be too long or all zeros.
pub(crate) fn short(value: f64, decimals: i32) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (10f64.powi(-decimals)..10f64.powi(decimals + 1)).contains(&size) => {
            format!("{value:.*}", decimals as usize)
        }
        _ => format!("{value:.2e}"),
    }
}

/// A value for a picture, with a true minus sign and as many digits as tell apart values that differ by `resolution`.
pub(crate) fn label(value: f64, resolution: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (size < resolution * 1e-6 && resolution > 0.0) {
        return "0".into();
    }
    let decimals = match resolution > 0.0 && resolution.is_finite() {
        true => (-(resolution * 1.001).log10().floor()).clamp(0.0, 6.0) as usize,
        false => 3,
    };
    let text = match size {
        size if !(1e-4..1e6).contains(&size) => format!("{size:.1e}").replace(".0e", "e").replace('-', "\u{2212}"),
        size if decimals == 0 => HumanCount(size.round() as u64).to_string(),
        size => format!("{size:.decimals$}"),
    };
    if value < 0.0 { format!("\u{2212}{text}") } else { text }
}

/// A value in the words of a picture: three decimals, fewer where it is large.
pub(crate) fn figure(value: f64) -> String {
    label(value, (value.abs() * 1e-4).max(0.001))
}

/// Seconds in the two largest units that they fill.
pub(crate) fn duration(seconds: f64) -> String {
    // An infinite number of seconds is the largest there is: the conversion saturates.
    let whole = seconds.ceil() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_numbers_stay_short() {
        let four = [0.0, -2.0139, 1.5e7, 1e-5].map(|value| short(value, 4));
        assert_eq!(four, ["0", "-2.0139", "1.50e7", "1.00e-5"]);
        assert_eq!([1e-3, 9999.0, 1e4].map(|value| short(value, 3)), ["0.001", "9999.000", "1.00e4"]);
    }

    #[test]
    fn labels_are_as_long_as_they_must_be() {
        assert_eq!(label(2.0, 1.0), "2");
        assert_eq!(label(-0.25, 0.05), "\u{2212}0.25");
        assert_eq!(label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(label(150_000.0, 50_000.0), "150,000");
        assert_eq!(label(-2000.0, 1000.0), "\u{2212}2,000");
        assert_eq!(label(1e-17, 0.5), "0");
        assert_eq!(label(-2e7, 1e7), "\u{2212}2e7");
        assert_eq!(label(3e-5, 1e-5), "3e\u{2212}5");
        assert_eq!(label(f64::NAN, 1.0), "NaN");
    }

    #[test]
    fn a_duration_is_told_in_its_two_largest_units() {
        let told = [0.0, 59.2, 61.0, 3725.0, 90_000.0].map(duration);
        assert_eq!(told, ["0 s", "1 min 0 s", "1 min 1 s", "1 h 2 min", "1 d 1 h"]);
    }
}
