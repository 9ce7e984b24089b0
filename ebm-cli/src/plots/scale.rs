use plotters::coord::ranged1d::{KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

use crate::numerals::label;

/// An axis from `low` to `high`, with about `labels` round values on it. Values beyond an end are drawn at that end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) spacing: Spacing,
    pub(super) labels: usize,
}

/// The function from a value to its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spacing {
    Linear,
    /// Proportionally near zero, logarithmically in the size of the value far from it: asinh(v / threshold).
    Symlog {
        threshold: f64,
    },
    /// Logarithmically, for values above 0; a 0 lies at the lower end.
    Log,
}

impl Scale {
    pub(super) fn new(low: f64, high: f64, spacing: Spacing, labels: usize) -> Self {
        Self { low, high, spacing, labels }
    }

    pub(super) fn linear(low: f64, high: f64, labels: usize) -> Self {
        Self::new(low, high, Spacing::Linear, labels)
    }

    /// A logarithmic axis between round values, with these positive ones inside.
    pub(super) fn decades(low: f64, high: f64, labels: usize) -> Self {
        let below = steps(low).into_iter().rfind(|step| *step <= low * 1.000_001);
        let above = steps(high).into_iter().find(|step| *step >= high * 0.999_999);
        match (below.unwrap_or(low), above.unwrap_or(high)) {
            (low, high) if low < high => Self::new(low, high, Spacing::Log, labels),
            (low, high) => Self::new(low / 10.0, high * 10.0, Spacing::Log, labels),
        }
    }

    pub(super) fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The place of a value: 0 at the lower end, 1 at the upper one, and the nearer end for values outside.
    fn place(self, value: f64) -> f64 {
        let stretch = |value: f64| match self.spacing {
            Spacing::Linear => value,
            Spacing::Symlog { threshold } => (value / threshold).asinh(),
            Spacing::Log => value.ln(),
        };
        let (low, high) = (stretch(self.low), stretch(self.high));
        ((stretch(value) - low) / (high - low)).clamp(0.0, 1.0)
    }

    pub(super) fn tick_labels(self) -> Vec<String> {
        self.ticks().iter().map(|tick| self.format_ext(tick)).collect()
    }

    /// The round values that are labelled.
    fn ticks(self) -> Vec<f64> {
        match self.spacing {
            Spacing::Linear => self.linear_ticks(),
            Spacing::Symlog { threshold } => self.symlog_ticks(threshold),
            Spacing::Log => self.log_ticks(),
        }
    }

    fn linear_ticks(self) -> Vec<f64> {
        let rough = (self.high - self.low) / self.labels.max(1) as f64;
        let step = steps(rough).into_iter().find(|step| *step >= rough * 0.999_999).unwrap_or(rough);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|i| i as f64 * step).collect()
    }

    fn symlog_ticks(self, threshold: f64) -> Vec<f64> {
        let largest = self.low.abs().max(self.high.abs());
        let first = threshold.log10().floor() as i32;
        let decades = (largest.log10().floor() as i32 - first).max(0);
        // Both signs share the labels.
        let every = (decades / (self.labels.max(2) as i32 / 2) + 1).max(1);
        let sizes = (0..=decades).step_by(every as usize).map(|i| 10f64.powi(first + i));
        let mut ticks: Vec<f64> = sizes.flat_map(|size| [-size, size]).chain([0.0]).collect();
        ticks.retain(|tick| self.contains(*tick));
        ticks.sort_by(f64::total_cmp);
        ticks
    }

    fn log_ticks(self) -> Vec<f64> {
        // Both ends belong to the axis, whatever their last digit.
        let (low, high) = (self.low * 0.999_999, self.high * 1.000_001);
        let (first, last) = (low.log10().floor() as i32, high.log10().floor() as i32);
        let decades = (last - first).max(0) as usize;
        let within: &[f64] = if decades < 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (first..=last).step_by(decades / self.labels.max(1) + 1);
        let ticks = powers.flat_map(|power| within.iter().map(move |step| step * 10f64.powi(power)));
        ticks.filter(|tick| (low..=high).contains(tick)).collect()
    }
}

/// Round values from the power of ten below a positive value to the one above.
fn steps(value: f64) -> [f64; 4] {
    [1.0, 2.0, 5.0, 10.0].map(|step| step * 10f64.powf(value.log10().floor()))
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        start + (self.place(*value) * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks(),
            // No finer mesh between the labels.
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    /// A label with the digits that tell it from its neighbours.
    fn format_ext(&self, value: &f64) -> String {
        let resolution = match (self.spacing, &self.ticks()[..]) {
            (Spacing::Linear, [first, second, ..]) => second - first,
            (Spacing::Linear, _) => 0.0,
            _ => value.abs(),
        };
        label(*value, resolution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symlog(low: f64, high: f64) -> Scale {
        Scale::new(low, high, Spacing::Symlog { threshold: 1.0 }, 8)
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Scale::linear(0.0, 10.0, 5).ticks(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Scale::linear(-2.5, 2.5, 5).ticks(), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(symlog(-150.0, 20.0).ticks(), [-100.0, -10.0, -1.0, 0.0, 1.0, 10.0]);
    }

    #[test]
    fn a_symlog_axis_gives_decades_equal_room_and_keeps_the_order() {
        let scale = symlog(-1e6, 1e6);
        assert!((scale.place(0.0) - 0.5).abs() < 1e-12);
        let decade = scale.place(1e5) - scale.place(1e4);
        assert!((scale.place(1e4) - scale.place(1e3) - decade).abs() < 1e-6);
        assert!(scale.place(1.0) > scale.place(0.5));
    }

    #[test]
    fn a_log_axis_gives_decades_equal_room_and_is_labelled_at_round_values() {
        let scale = Scale::decades(3.2e-5, 7.1, 8);
        assert!((scale.low / 2e-5 - 1.0).abs() < 1e-9 && (scale.high / 10.0 - 1.0).abs() < 1e-9);
        let decade = scale.place(1e-1) - scale.place(1e-2);
        assert!((scale.place(1e-3) - scale.place(1e-4) - decade).abs() < 1e-9);
        assert_eq!((scale.place(0.0), scale.place(100.0)), (0.0, 1.0));
        assert_eq!(scale.tick_labels(), ["0.0001", "0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(Scale::decades(0.3, 4.0, 8).tick_labels(), ["0.2", "0.5", "1", "2", "5"]);
        assert_eq!(Scale::decades(2.0, 2.0, 8).ticks().len(), 7);
    }

    #[test]
    fn what_lies_outside_is_placed_at_the_nearer_end() {
        let scale = Scale::linear(-1.0, 3.0, 8);
        let places = [-9.0, 1.0, 99.0].map(|value| scale.map(&value, (200, 0)));
        assert_eq!(places, [200, 100, 0]);
        assert!(!scale.contains(3.5) && scale.contains(3.0));
    }
}
