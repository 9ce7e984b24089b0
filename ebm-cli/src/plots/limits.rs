//! Which values a curve's axis shows, so that a run that went astray is still readable.

use super::grid::quantile;
use super::scale::Scale;

/// The choice of an axis, and the words for it where it does not simply show everything.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) scale: Scale,
    pub(super) remark: Option<String>,
}

/// Chooses the vertical axis for `values`, with `kept` (last values, reference levels) inside in any case.
///
/// Everything, if that leaves room for most of it; else without the values far outside of nine tenths of them, if that helps; else
/// a symmetric-logarithmic axis.
pub(super) fn choose(values: &[f64], kept: &[f64]) -> Limits {
    let mut sorted: Vec<f64> = values.iter().chain(kept).copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&lowest), Some(&highest)) = (sorted.first(), sorted.last()) else {
        return Limits {
            scale: Scale::Linear { low: 0.0, high: 1.0 },
            remark: None,
        };
    };
    let (inner_low, inner_high) = (quantile(&sorted, 0.05), quantile(&sorted, 0.95));
    let slack = 0.5 * (inner_high - inner_low);
    let wanted = |v: &f64| (inner_low - slack..=inner_high + slack).contains(v) || kept.contains(v);
    let low = sorted.iter().copied().find(wanted).unwrap_or(lowest);
    let high = sorted.iter().copied().rfind(wanted).unwrap_or(highest);
    let core = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
    let whole = highest - lowest;
    if core == 0.0 || (whole <= 3.0 * (high - low) && whole <= 25.0 * core) {
        return Limits {
            scale: padded(lowest, highest),
            remark: None,
        };
    }
    if high - low <= 15.0 * core {
        let scale = padded(low, high);
        let finite = || values.iter().filter(|v| v.is_finite());
        let outside = finite().filter(|v| !scale.contains(**v)).count();
        let remark = format!(
            "{outside} of {} values lie outside and are drawn at the edge",
            finite().count()
        );
        return Limits {
            scale,
            remark: (outside > 0).then_some(remark),
        };
    }
    let mut sizes: Vec<f64> = sorted.iter().map(|v| v.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    // Small values keep a part of the axis of their own.
    let threshold = quantile(&sizes, 0.1)
        .max(sizes[sizes.len() - 1] * 1e-9)
        .max(f64::MIN_POSITIVE);
    let threshold = 10f64.powf(threshold.log10().round());
    let grow = |v: f64, outwards: f64| {
        if v * outwards > 0.0 {
            v * 1.5
        } else {
            v + outwards * threshold
        }
    };
    Limits {
        scale: Scale::Symlog {
            low: grow(lowest, -1.0),
            high: grow(highest, 1.0),
            threshold,
        },
        remark: Some(format!(
            "logarithmic axis beyond \u{b1}{threshold}: the values span many orders of magnitude"
        )),
    }
}

fn padded(low: f64, high: f64) -> Scale {
    let margin = match (high - low) * 0.06 {
        margin if margin > 0.0 => margin,
        _ => 0.5,
    };
    Scale::Linear {
        low: low - margin,
        high: high + margin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: i32) -> Vec<f64> {
        (0..n).map(|i| -3.0 + 2.0 * f64::from(i) / f64::from(n)).collect()
    }

    #[test]
    fn an_ordinary_curve_is_shown_whole() {
        let limits = choose(&ramp(200), &[-2.0139]);
        assert_eq!(limits.remark, None);
        assert!(limits.scale.contains(-3.0) && limits.scale.contains(-1.01));
    }

    #[test]
    fn a_wild_start_is_cut_off_and_the_picture_says_so() {
        let mut values = ramp(200);
        values[0] = 4e5;
        values[1] = 2e3;
        values[2] = f64::NAN;
        let limits = choose(&values, &[-2.0139]);
        let (low, high) = limits.scale.ends();
        assert!(
            matches!(limits.scale, Scale::Linear { .. }) && low < -2.9 && high < 0.0,
            "{limits:?}"
        );
        assert_eq!(
            limits.remark.unwrap(),
            "2 of 199 values lie outside and are drawn at the edge"
        );
    }

    #[test]
    fn a_diverging_run_gets_a_logarithmic_axis_with_its_last_value_on_it() {
        let values: Vec<f64> = (0..200).map(|i| -(f64::from(i) * 0.15).exp()).collect();
        let last = values[199];
        let limits = choose(&values, &[last, -2.0139]);
        assert!(
            matches!(limits.scale, Scale::Symlog { .. }) && limits.scale.contains(last),
            "{limits:?}"
        );
        assert!(limits.scale.contains(-1.0));
        assert!(limits.remark.unwrap().starts_with("logarithmic axis"));
    }

    #[test]
    fn nothing_and_a_constant_have_an_axis() {
        assert_eq!(choose(&[f64::NAN], &[]).scale, Scale::Linear { low: 0.0, high: 1.0 });
        assert_eq!(choose(&[2.0; 5], &[]).scale, Scale::Linear { low: 1.5, high: 2.5 });
    }
}
