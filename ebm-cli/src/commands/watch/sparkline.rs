//! A curve in a line of text.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The share of values at either end that the scale need not show: a run's first values may be far from all others.
const TAIL: f64 = 0.05;

/// A curve of `width` characters at most, each the mean of its share of the values. Values that are not finite are left
/// out; a share with nothing else is blank. Empty without a finite value.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let means = means(values, width);
    let mut sorted: Vec<f64> = means.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return String::new() };
    let at = |share: f64| sorted[(share * last as f64).round() as usize];
    let (low, high) = (at(TAIL), at(1.0 - TAIL));
    let bar = |mean: f64| {
        // NaN where all values are one, which is index 0.
        let height = ((mean - low) / (high - low)).clamp(0.0, 1.0);
        BARS[((height * 8.0) as usize).min(7)]
    };
    means.into_iter().map(|mean| mean.map_or(' ', bar)).collect()
}

fn means(values: &[f64], width: usize) -> Vec<Option<f64>> {
    let buckets = width.min(values.len());
    let mean = |index: usize| {
        let share = &values[index * values.len() / buckets..(index + 1) * values.len() / buckets];
        let finite = || share.iter().filter(|value| value.is_finite());
        let count = finite().count();
        (count > 0).then(|| finite().map(|value| value / count as f64).sum())
    };
    (0..buckets).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_rise_through_the_bars_and_fit_the_width() {
        let rising: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(sparkline(&rising, 20), "▁▂▃▄▅▆▇█");
        let long: Vec<f64> = (0..8000).map(f64::from).collect();
        assert_eq!(sparkline(&long, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&long, 0), "");
    }

    #[test]
    fn what_is_not_finite_is_blank_and_a_flat_curve_is_flat() {
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[f64::NAN, f64::INFINITY], 10), "");
        assert_eq!(sparkline(&[0.0, f64::NAN, 1.0], 10), "▁ █");
        assert_eq!(sparkline(&[2.5, 2.5], 10), "▁▁");
        assert_eq!(sparkline(&[f64::MAX, f64::MIN], 10).chars().count(), 2);
    }

    #[test]
    fn one_value_far_off_does_not_flatten_the_others() {
        let mut values = vec![1e9];
        values.extend((0..39).map(f64::from));
        let line = sparkline(&values, 40);
        assert!(line.starts_with("█▁") && line.ends_with('█') && line.contains('▄'), "{line}");
    }
}
