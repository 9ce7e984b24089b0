//! From values to places along an axis.

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Proportional.
    Linear {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Proportional near zero, logarithmic in the size of the value far from it: asinh(v / threshold).
    Symlog {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Where the one turns into the other.
        threshold: f64,
    },
    /// Logarithmic, of values above 0; a 0 lies at the lower end.
    Log {
        /// Lower end, above 0.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl Scale {
    /// A logarithmic axis between round values, with these positive ones inside.
    pub(super) fn decades(low: f64, high: f64) -> Self {
        let steps = |v: f64| [1.0, 2.0, 5.0, 10.0].map(|step| step * 10f64.powf(v.log10().floor()));
        let below = steps(low).into_iter().rfind(|step| *step <= low * 1.000_001);
        let above = steps(high).into_iter().find(|step| *step >= high * 0.999_999);
        match (below.unwrap_or(low), above.unwrap_or(high)) {
            (low, high) if low < high => Scale::Log { low, high },
            (low, high) => Scale::Log {
                low: low / 10.0,
                high: high * 10.0,
            },
        }
    }

    /// The ends.
    pub(super) fn ends(self) -> (f64, f64) {
        match self {
            Scale::Linear { low, high } | Scale::Symlog { low, high, .. } | Scale::Log { low, high } => (low, high),
        }
    }

    /// Place of a value: 0 at the lower end, 1 at the upper one, and the nearer end for what lies outside.
    pub(super) fn place(self, value: f64) -> f64 {
        let (low, high) = self.ends();
        let (low, value, high) = (self.stretch(low), self.stretch(value), self.stretch(high));
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Whether a value lies between the ends.
    pub(super) fn contains(self, value: f64) -> bool {
        let (low, high) = self.ends();
        (low..=high).contains(&value)
    }

    fn stretch(self, value: f64) -> f64 {
        match self {
            Scale::Linear { .. } => value,
            Scale::Symlog { threshold, .. } => (value / threshold).asinh(),
            Scale::Log { .. } => value.ln(),
        }
    }

    /// About `wanted` round values to label.
    pub(super) fn ticks(self, wanted: usize) -> Vec<f64> {
        match self {
            Scale::Linear { low, high } => linear_ticks(low, high, wanted),
            Scale::Symlog { low, high, threshold } => symlog_ticks(low, high, threshold, wanted),
            Scale::Log { low, high } => log_ticks(low, high, wanted),
        }
    }
}

fn linear_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999_999)
        .unwrap_or(rough);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

fn symlog_ticks(low: f64, high: f64, threshold: f64, wanted: usize) -> Vec<f64> {
    let largest = low.abs().max(high.abs());
    let first = threshold.log10().floor() as i32;
    let decades = (largest.log10().floor() as i32 - first).max(0);
    // Both signs share the labels wanted.
    let every = (decades / (wanted.max(2) as i32 / 2) + 1).max(1);
    let sizes = (0..=decades).step_by(every as usize).map(|i| 10f64.powi(first + i));
    let mut ticks: Vec<f64> = sizes.flat_map(|size| [-size, size]).chain([0.0]).collect();
    ticks.retain(|tick| (low..=high).contains(tick));
    ticks.sort_by(f64::total_cmp);
    ticks
}

fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    // Both ends belong to the axis, whatever their last digit.
    let (low, high) = (low * 0.999_999, high * 1.000_001);
    let (first, last) = (low.log10().floor() as i32, high.log10().floor() as i32);
    let decades = (last - first).max(0) as usize;
    let every = decades / wanted.max(1) + 1;
    let within: &[f64] = if decades < 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let powers = (first..=last).step_by(every).map(|power| 10f64.powi(power));
    let mut ticks: Vec<f64> = powers
        .flat_map(|size| within.iter().map(move |step| step * size))
        .collect();
    ticks.retain(|tick| (low..=high).contains(tick));
    ticks
}

/// A number as a label: as many digits as tell apart values that differ by `resolution`.
pub(super) fn label(value: f64, resolution: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (size < resolution * 1e-6 && resolution > 0.0) {
        return "0".into();
    }
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e").replace('-', "\u{2212}");
    }
    let decimals = match resolution > 0.0 && resolution.is_finite() {
        true => (-(resolution * 1.001).log10().floor()).clamp(0.0, 6.0) as usize,
        false => 3,
    };
    let text = format!("{value:.decimals$}").replace('-', "\u{2212}");
    match text.split_once('.') {
        Some(_) => text,
        None => thousands(&text),
    }
}

/// A number of things, with its thousands set apart.
pub(super) fn count(number: usize) -> String {
    thousands(&number.to_string())
}

fn thousands(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('\u{2212}') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", digits),
    };
    let mut text = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(linear_ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear_ticks(-2.5, 2.5, 5), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(
            symlog_ticks(-150.0, 20.0, 1.0, 8),
            [-100.0, -10.0, -1.0, 0.0, 1.0, 10.0]
        );
    }

    #[test]
    fn a_symlog_axis_gives_decades_equal_room_and_keeps_the_order() {
        let scale = Scale::Symlog {
            low: -1e6,
            high: 1e6,
            threshold: 1.0,
        };
        assert!((scale.place(0.0) - 0.5).abs() < 1e-12);
        let decade = scale.place(1e5) - scale.place(1e4);
        assert!((scale.place(1e4) - scale.place(1e3) - decade).abs() < 1e-6);
        assert!(scale.place(1.0) > scale.place(0.5));
    }

    #[test]
    fn a_log_axis_gives_decades_equal_room_and_is_labelled_at_round_values() {
        let scale = Scale::decades(3.2e-5, 7.1);
        assert!((scale.ends().0 / 2e-5 - 1.0).abs() < 1e-9 && (scale.ends().1 / 10.0 - 1.0).abs() < 1e-9);
        let decade = scale.place(1e-1) - scale.place(1e-2);
        assert!((scale.place(1e-3) - scale.place(1e-4) - decade).abs() < 1e-9);
        assert_eq!((scale.place(0.0), scale.place(100.0)), (0.0, 1.0));
        let labels = |scale: Scale| -> Vec<String> { scale.ticks(8).into_iter().map(|t| label(t, t)).collect() };
        assert_eq!(labels(scale), ["0.0001", "0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(labels(Scale::decades(0.3, 4.0)), ["0.2", "0.5", "1", "2", "5"]);
        assert_eq!(labels(Scale::decades(2.0, 2.0)).len(), 7);
    }

    #[test]
    fn what_lies_outside_is_placed_at_the_nearer_end() {
        let scale = Scale::Linear { low: -1.0, high: 3.0 };
        assert_eq!(
            (scale.place(-9.0), scale.place(1.0), scale.place(99.0)),
            (0.0, 0.5, 1.0)
        );
        assert!(!scale.contains(3.5) && scale.contains(3.0));
    }

    #[test]
    fn labels_are_as_long_as_they_must_be() {
        assert_eq!(label(2.0, 1.0), "2");
        assert_eq!(label(-0.25, 0.05), "\u{2212}0.25");
        assert_eq!(label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(label(150_000.0, 50_000.0), "150,000");
        assert_eq!(label(2000.0, 1000.0), "2,000");
        assert_eq!(label(1e-17, 0.5), "0");
        assert_eq!(label(-2e7, 1e7), "\u{2212}2e7");
    }
}
