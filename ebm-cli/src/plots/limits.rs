//! The range of values that an axis shows, chosen so that a run that went astray is still readable.

use std::ops::RangeInclusive;

use super::scale::{Scale, Spacing};

/// The values that are finite, in ascending order.
pub(super) fn ascending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut finite: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite
}

/// The quantile of values in ascending order, between neighbours in proportion. `sorted` must not be empty.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

/// The range between two quantiles of values in ascending order, with a share of `tail` beyond each, and half as much
/// again at either end. Everything, where the quantiles are one.
pub(super) fn near(sorted: &[f64], tail: f64) -> RangeInclusive<f64> {
    if sorted.is_empty() {
        return 0.0..=0.0;
    }
    let (low, high) = (quantile(sorted, tail), quantile(sorted, 1.0 - tail));
    let slack = (high - low) * 0.5;
    if slack > 0.0 { low - slack..=high + slack } else { f64::NEG_INFINITY..=f64::INFINITY }
}

/// Chooses an axis with about `labels` labels for `values`, with `kept` (last values, reference levels) inside in any
/// case; and the words for it where it does not simply show everything.
///
/// The axis shows everything, if that leaves room for most of it; else everything but the values far outside of nine
/// tenths of them, if that helps; else it is symmetric-logarithmic.
pub(super) fn choose(values: &[f64], kept: &[f64], labels: usize) -> (Scale, Option<String>) {
    let sorted = ascending(values.iter().chain(kept).copied());
    let (Some(&lowest), Some(&highest)) = (sorted.first(), sorted.last()) else {
        return (Scale::linear(0.0, 1.0, labels), None);
    };
    let near = near(&sorted, 0.05);
    let wanted = |v: &f64| near.contains(v) || kept.contains(v);
    let low = sorted.iter().copied().find(wanted).unwrap_or(lowest);
    let high = sorted.iter().copied().rfind(wanted).unwrap_or(highest);
    let core = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
    let whole = highest - lowest;
    if core == 0.0 || (whole <= 3.0 * (high - low) && whole <= 25.0 * core) {
        return (padded(lowest, highest, labels), None);
    }
    if high - low <= 15.0 * core {
        let scale = padded(low, high, labels);
        let finite = || values.iter().filter(|v| v.is_finite());
        let (all, outside) = (finite().count(), finite().filter(|v| !scale.contains(**v)).count());
        let remark = format!("{outside} of {all} values lie outside and are drawn at the edge");
        return (scale, (outside > 0).then_some(remark));
    }
    let sizes = ascending(sorted.iter().map(|v| v.abs()));
    // Small values keep a part of the axis of their own.
    let smallest = (sizes[sizes.len() - 1] * 1e-9).max(f64::MIN_POSITIVE);
    let threshold = 10f64.powf(quantile(&sizes, 0.1).max(smallest).log10().round());
    let grow = |v: f64, outwards: f64| if v * outwards > 0.0 { v * 1.5 } else { v + outwards * threshold };
    let (low, high) = (grow(lowest, -1.0), grow(highest, 1.0));
    let scale = Scale::new(low, high, Spacing::Symlog { threshold }, labels);
    let remark = format!("logarithmic axis beyond \u{b1}{threshold}: the values span many orders of magnitude");
    (scale, Some(remark))
}

fn padded(low: f64, high: f64, labels: usize) -> Scale {
    let margin = if (high - low) * 0.06 > 0.0 { (high - low) * 0.06 } else { 0.5 };
    Scale::linear(low - margin, high + margin, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: i32) -> Vec<f64> {
        (0..n).map(|i| -3.0 + 2.0 * f64::from(i) / f64::from(n)).collect()
    }

    #[test]
    fn an_ordinary_curve_is_shown_whole() {
        let (scale, remark) = choose(&ramp(200), &[-2.0139], 8);
        assert_eq!(remark, None);
        assert!(scale.contains(-3.0) && scale.contains(-1.01));
    }

    #[test]
    fn a_wild_start_is_cut_off_and_the_picture_says_so() {
        let mut values = ramp(200);
        values[..3].copy_from_slice(&[4e5, 2e3, f64::NAN]);
        let (scale, remark) = choose(&values, &[-2.0139], 8);
        assert!(scale.spacing == Spacing::Linear && scale.low < -2.9 && scale.high < 0.0, "{scale:?}");
        assert_eq!(remark.unwrap(), "2 of 199 values lie outside and are drawn at the edge");
    }

    #[test]
    fn a_diverging_run_gets_a_logarithmic_axis_with_its_last_value_on_it() {
        let values: Vec<f64> = (0..200).map(|i| -(f64::from(i) * 0.15).exp()).collect();
        let last = values[199];
        let (scale, remark) = choose(&values, &[last, -2.0139], 8);
        assert!(matches!(scale.spacing, Spacing::Symlog { .. }), "{scale:?}");
        assert!(scale.contains(last) && scale.contains(-1.0));
        assert!(remark.unwrap().starts_with("logarithmic axis"));
    }

    #[test]
    fn nothing_and_a_constant_have_an_axis() {
        assert_eq!(choose(&[f64::NAN], &[], 8).0, Scale::linear(0.0, 1.0, 8));
        assert_eq!(choose(&[2.0; 5], &[], 8).0, Scale::linear(1.5, 2.5, 8));
    }
}
