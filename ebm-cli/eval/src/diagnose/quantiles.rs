use serde::Serialize;

/// Order statistics of a quantity over a batch. A value that is not finite is `null` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantiles {
    /// The least value.
    pub least: f64,
    /// The 10 % quantile.
    pub tenth: f64,
    /// The median.
    pub median: f64,
    /// The 90 % quantile.
    pub ninetieth: f64,
    /// The greatest value.
    pub greatest: f64,
}

impl Quantiles {
    /// Computes the quantiles of values, which may be infinite, by linear interpolation between two of them; NaN without values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let [least, tenth, median, ninetieth, greatest] =
            [0.0, 0.1, 0.5, 0.9, 1.0].map(|share| quantile(&sorted, share));
        Self { least, tenth, median, ninetieth, greatest }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // Between two infinities, or at a value beside one, there is nothing to interpolate.
    if below == above || place.fract() == 0.0 { below } else { below + (above - below) * place.fract() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_linear_interpolation() {
        // numpy.quantile([1, 2, 4, 8], [0, .1, .5, .9, 1]).
        let found = Quantiles::of([8.0, 1.0, 4.0, 2.0]);
        let found = [found.least, found.tenth, found.median, found.ninetieth, found.greatest];
        for (found, expected) in found.into_iter().zip([1.0, 1.3, 3.0, 6.8, 8.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn infinities_are_values_and_nothing_has_no_quantiles() {
        let found = Quantiles::of([f64::INFINITY, 1.0, f64::INFINITY, 2.0, 3.0]);
        assert_eq!((found.least, found.median, found.greatest), (1.0, 3.0, f64::INFINITY));
        assert_eq!(found.ninetieth, f64::INFINITY);
        assert!(Quantiles::of([]).median.is_nan());
    }
}
