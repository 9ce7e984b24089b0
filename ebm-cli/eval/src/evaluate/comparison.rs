//! Figures that compare two sets of features.

use super::figure::{Figure, Unit};
use crate::metrics::{Features, MetricError, Moments, Prdc, frechet_distance};

/// A set of features, by what a Fréchet distance needs.
#[derive(Clone, Copy)]
pub struct Sampled<'a> {
    /// Their mean and covariance.
    pub moments: &'a Moments,
    /// What they are of: "held-out samples".
    pub what: &'a str,
}

impl Sampled<'_> {
    fn described(&self) -> String {
        match self.moments.samples() {
            Some(count) => format!("{count} {}", self.what),
            None => format!("an unknown number of {}", self.what),
        }
    }
}

/// The Fréchet distance of `generated` from `real`. `extractor` says whose features they are, and under which hash.
///
/// # Errors
/// If they are of different widths.
pub fn frechet_figure(
    (key, label): (&str, &str),
    real: Sampled<'_>,
    generated: Sampled<'_>,
    extractor: &str,
) -> Result<Figure, MetricError> {
    let counts = [real.moments.samples(), generated.moments.samples()];
    Ok(Figure::plain(
        key,
        label,
        (frechet_distance(generated.moments, real.moments)?, Unit::Number),
        (None, counts.into_iter().flatten().min().unwrap_or(0)),
        format!(
            "{} against {}, {} features {extractor}; it falls with the number of samples, so it compares at equal ones only",
            generated.described(),
            real.described(),
            real.moments.width()
        ),
    ))
}

/// How precision, recall, density and coverage are computed.
#[derive(Clone, Copy)]
pub struct Neighbours {
    /// The k-th neighbour decides.
    pub k: usize,
    /// Most samples of each kind.
    pub most: usize,
}

/// Precision, recall, density and coverage of `generated`.
///
/// # Errors
/// If there are no more than k samples, or the features are of different widths.
pub fn neighbour_figures(
    real: Features<'_>,
    generated: Features<'_>,
    Neighbours { k, most }: Neighbours,
    extractor: &str,
) -> Result<[Figure; 4], MetricError> {
    let (real, generated) = (real.first(most), generated.first(most));
    let found = Prdc::of(real, generated, k)?;
    let figure = |name: &str, value: f64, unit: Unit, what: &str| {
        Figure::plain(
            name,
            name,
            (value, unit),
            (None, real.len().min(generated.len())),
            format!(
                "{what}; {} generated and {} real samples, {} features {extractor}, k = {k}",
                generated.len(),
                real.len(),
                real.width()
            ),
        )
    };
    Ok([
        figure(
            "precision",
            found.precision,
            Unit::Share,
            "generated samples within the k-th neighbour of a real one",
        ),
        figure(
            "recall",
            found.recall,
            Unit::Share,
            "real samples within the k-th neighbour of a generated one",
        ),
        figure(
            "density",
            found.density,
            Unit::Number,
            "real balls that a generated sample is in, divided by k",
        ),
        figure(
            "coverage",
            found.coverage,
            Unit::Share,
            "real samples with a generated one within their k-th neighbour",
        ),
    ])
}
