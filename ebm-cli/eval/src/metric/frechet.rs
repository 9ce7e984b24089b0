use faer::Mat;

use super::{Context, Findings, Metric, MetricValue, Reason, Unit};
use crate::features::{MetricError, Moments};

/// The squared Fréchet (2-Wasserstein) distance of the Gaussians with two sets of moments,
///
/// ```text
/// |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2
/// ```
///
/// in squared units of the features. With features of the Inception network of Szegedy et al. (2015), as ported for it,
/// it is called FID; with any other it is not, and the numbers do not compare.
///
/// The trace is the sum of the square roots of the eigenvalues of the symmetric matrix `R S2 R'` with `R'R = S1`, so
/// that no root of a product that is not symmetric is taken: no imaginary part, no ridge where covariances are singular
/// (fewer samples than features). It is that of the usual formula, tr (S1 S2)^1/2, as both matrices have one spectrum.
/// As an estimate of the distance of two distributions it is biased upwards by terms of order F / n: compare figures of equal
/// sample counts only.
///
/// Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", NeurIPS 2017.
///
/// # Errors
/// If the moments are of different widths, or a covariance has no eigenvalues.
pub fn frechet_distance(first: &Moments, second: &Moments) -> Result<f64, MetricError> {
    let width = first.width();
    if width != second.width() {
        return Err(MetricError::widths(width, second.width()));
    }
    let none = |what: &str| MetricError::covariance(width, &format!("the eigenvalues of {what} did not converge"));
    let eigen = first.matrix().self_adjoint_eigen(faer::Side::Lower).map_err(|_| none("the first"))?;
    let (values, vectors) = (eigen.S().column_vector(), eigen.U());
    // Rounding makes eigenvalues of a singular matrix slightly negative.
    let root = Mat::from_fn(width, width, |i, j| values[i].max(0.0).sqrt() * vectors[(j, i)]);
    let product = &root * second.matrix() * root.transpose();
    let values = product.self_adjoint_eigenvalues(faer::Side::Lower).map_err(|_| none("the product"))?;
    let cross: f64 = values.iter().map(|v| v.max(0.0).sqrt()).sum();
    let means: f64 = first.mean().iter().zip(second.mean()).map(|(a, b)| (a - b).powi(2)).sum();
    let traces: f64 = (0..width).map(|i| first.matrix()[(i, i)] + second.matrix()[(i, i)]).sum();
    Ok((means + traces - 2.0 * cross).max(0.0))
}

/// Mean and covariance of the features of samples, and the samples' name, such as "held-out samples".
pub type Side<'a> = (&'a Moments, &'a str);

/// The Fréchet distance of `generated` from `real`. `extractor` says whose features they are, and under which hash.
///
/// # Errors
/// If they are of different widths.
pub fn frechet_value(
    (key, label): (&str, &str),
    real: Side<'_>,
    generated: Side<'_>,
    extractor: &str,
) -> Result<MetricValue, MetricError> {
    let samples = [real, generated].into_iter().filter_map(|(moments, _)| moments.samples()).min();
    let described = |(moments, what): Side<'_>| match moments.samples() {
        Some(count) => format!("{count} {what}"),
        None => format!("an unknown number of {what}"),
    };
    let protocol = format!(
        "{} against {}, {} features {extractor}; it falls with the number of samples, so it compares at equal ones only",
        described(generated),
        described(real),
        real.0.width()
    );
    let distance = frechet_distance(generated.0, real.0)?;
    Ok(MetricValue::new(key, label, (distance, Unit::Number), samples.unwrap_or(0), protocol))
}

/// The Fréchet distance of generated samples by the classifier's features, and what a perfect generator has.
struct ClassifierFrechet;

crate::register_metric!(
    ClassifierFrechet,
    place: 70,
    needs: [Classifier, Generator],
    values: [
        "classifier_frechet" as "classifier Fréchet distance": Number, Lower,
        "classifier_frechet_of_data": Number, Lower,
    ],
);

impl Metric for ClassifierFrechet {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some((classified, sets)) = context.compared() else { return Ok(()) };
        let extractor = format!("of {} (no FID)", classified.name());
        let real = classified.moments(&sets.held_out)?;
        for (name, label, seen, what) in [
            ("classifier_frechet", "classifier Frechet distance", &sets.generated, "generated samples"),
            (
                "classifier_frechet_of_data",
                "classifier Frechet distance, data",
                &sets.training,
                "training samples (what a perfect generator has)",
            ),
        ] {
            let other = classified.moments(seen)?;
            found.push(frechet_value((name, label), (&real, "held-out samples"), (&other, what), &extractor)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{features::Features, fixtures};
    use serde::Deserialize;

    #[test]
    fn it_equals_the_formula_of_pytorch_fid() {
        #[derive(Deserialize)]
        struct Case {
            width: usize,
            first: Vec<f32>,
            second: Vec<f32>,
            first_mean: Vec<f64>,
            first_covariance: Vec<f64>,
            distance: f64,
        }
        for case in fixtures::read::<Vec<Case>>(include_str!("../../tests/fixtures/metrics/frechet.json")) {
            let of = |values: &[f32]| {
                let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
                Moments::of(Features::new(&values, case.width).unwrap()).unwrap()
            };
            let (first, second) = (of(&case.first), of(&case.second));
            let given = Moments::new(case.first_mean, case.first_covariance).unwrap();
            for (a, b) in [(&first, &second), (&second, &first), (&given, &second)] {
                fixtures::close(frechet_distance(a, b).unwrap(), case.distance);
            }
        }
    }

    #[test]
    fn an_offset_of_a_million_costs_no_digits() {
        // NumPy 2 and SciPy 1.17: means and covariances in numpy.longdouble of the features of `fixtures::offset`, then
        // pytorch-fid's formula with scipy.linalg.sqrtm in double precision. The inputs themselves are rounded at the offset.
        for (offset, expected) in [(0.0, 0.197_315_077_370), (1e6, 0.197_315_077_368)] {
            let [real, generated] =
                fixtures::offset(offset).map(|values| Moments::of(Features::new(&values, 3).unwrap()).unwrap());
            let found = frechet_distance(&real, &generated).unwrap();
            assert!((found - expected).abs() < 1e-9, "{found} {expected} at {offset}");
        }
    }

    #[test]
    fn it_is_the_closed_form_where_the_covariances_commute_also_where_they_are_singular() {
        // Diagonal covariances: sum (m1 - m2)^2 + (s1 - s2)^2 = 9 + 1 + 4 + 0 + 25.
        let diagonal = |s: [f64; 4]| (0..16).map(|i| if i % 5 == 0 { s[i / 5].powi(2) } else { 0.0 }).collect();
        let first = Moments::new(vec![1.0, 0.0, 0.0, 2.0], diagonal([2.0, 3.0, 0.0, 5.0])).unwrap();
        let second = Moments::new(vec![4.0, 0.0, 0.0, 2.0], diagonal([1.0, 1.0, 0.0, 0.0])).unwrap();
        let found = frechet_distance(&first, &second).unwrap();
        assert!((found - 39.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn fewer_samples_than_features_are_at_no_distance_from_themselves() {
        let values: Vec<f64> = (0..5 * 40).map(|i| f64::from((i * i) % 97) / 97.0).collect();
        let moments = Moments::of(Features::new(&values, 40).unwrap()).unwrap();
        let found = frechet_distance(&moments, &moments).unwrap();
        let trace: f64 = (0..40).map(|i| moments.matrix()[(i, i)]).sum();
        assert!(found < 1e-6 * trace, "{found} of {trace}");
    }

    #[test]
    fn features_of_two_extractors_are_refused() {
        let of = |width| Moments::new(vec![0.0; width], vec![0.0; width * width]).unwrap();
        let error = frechet_distance(&of(2), &of(3)).unwrap_err().to_string();
        assert!(error.contains("of 2 and of 3 dimensions"), "{error}");
    }
}
