use super::{Context, Findings, Metric, MetricValue, Reason, Unit};
use crate::features::MetricError;

/// Splits of the classifier's score.
const SPLITS: usize = 10;

/// Probabilities of one sample may sum to 1 up to this.
const SUM: f64 = 1e-3;

/// `exp( E_x KL( p(y|x) || p(y) ) )` over `splits` parts of the samples, for class probabilities `[n, classes]`,
/// row-major: its mean over the splits, between 1 and the number of classes, and its standard deviation over them (divided by
/// their number, as is customary), which is no standard error. Split i has the samples `i n / splits` up to
/// `(i + 1) n / splits`, and p(y) is the mean over the split.
///
/// It is called IS only with the Inception network's probabilities; a split should have some thousand samples (5,000 in ten
/// splits is customary), or the figure is too small.
///
/// Salimans et al., "Improved techniques for training GANs", NeurIPS 2016.
///
/// # Errors
/// If there are fewer samples than splits, or rows that are no probabilities.
pub fn inception_score(probabilities: &[f32], classes: usize, splits: usize) -> Result<(f64, f64), MetricError> {
    let count = checked(probabilities, classes)?;
    if splits == 0 || count < splits {
        let (metric, what) = ("the inception score", "samples (one a split)");
        return Err(MetricError::too_few(metric, what, splits.max(1), count));
    }
    let scores: Vec<f64> = (0..splits)
        .map(|i| score(&probabilities[i * count / splits * classes..(i + 1) * count / splits * classes], classes))
        .collect();
    let mean = scores.iter().sum::<f64>() / splits as f64;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / splits as f64;
    Ok((mean, variance.sqrt()))
}

fn checked(probabilities: &[f32], classes: usize) -> Result<usize, MetricError> {
    if classes == 0 || !probabilities.len().is_multiple_of(classes) {
        return Err(MetricError::rows(probabilities.len(), classes));
    }
    for (row, values) in probabilities.chunks_exact(classes).enumerate() {
        let wrong =
            |column, value, expected| Err(MetricError::value("class probabilities", (row, column), value, expected));
        if let Some(column) = values.iter().position(|p| p.is_nan() || *p < 0.0) {
            return wrong(column, f64::from(values[column]), "a probability");
        }
        let sum: f64 = values.iter().map(|p| f64::from(*p)).sum();
        if (sum - 1.0).abs() > SUM {
            return wrong(classes, sum, "a sum of 1 over the columns (logits need a softmax first)");
        }
    }
    Ok(probabilities.len() / classes)
}

fn score(probabilities: &[f32], classes: usize) -> f64 {
    let rows = || probabilities.chunks_exact(classes);
    let count = (probabilities.len() / classes) as f64;
    // Single precision leaves sums of probabilities off by some 1e-7: they are normalised, as scipy's entropy does.
    let normalised = |row: &[f32]| -> Vec<f64> {
        let sum: f64 = row.iter().map(|p| f64::from(*p)).sum();
        row.iter().map(|p| f64::from(*p) / sum).collect()
    };
    let mut marginal = vec![0.0; classes];
    for row in rows() {
        marginal.iter_mut().zip(row).for_each(|(m, p)| *m += f64::from(*p));
    }
    let total: f64 = marginal.iter().sum();
    marginal.iter_mut().for_each(|m| *m /= total);
    let divergence = |row: &[f32]| -> f64 {
        let terms = normalised(row).into_iter().zip(&marginal);
        terms.map(|(p, m)| if p > 0.0 { p * (p / m).ln() } else { 0.0 }).sum()
    };
    (rows().map(divergence).sum::<f64>() / count).exp()
}

/// The score of generated images by the classifier's classes.
struct ClassifierScore;

crate::register_metric!(ClassifierScore, place: 80, needs: [Classifier], values: ["classifier_score": Number, Higher]);

impl Metric for ClassifierScore {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let Some((classified, sets)) = context.compared().filter(|(classified, _)| classified.channels == 1) else {
            return Ok(());
        };
        let classes = classified.classifier.classes;
        let (score, deviation) = inception_score(&sets.generated.probabilities, classes, SPLITS)?;
        let protocol = format!(
            "exp of the mean KL(p(class | x) || p(class)) over {SPLITS} splits, from 1 to {classes}, of {}; no inception score",
            classified.name()
        );
        let (value, samples) = ((score, Unit::Number), sets.generated.classes.len());
        let value = MetricValue::new("classifier_score", "classifier score", value, samples, protocol);
        found.push(value.with("deviation_over_splits", deviation));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use serde::Deserialize;

    #[test]
    fn it_equals_the_reference_formula() {
        #[derive(Deserialize)]
        struct Fixture {
            classes: usize,
            probabilities: Vec<f32>,
            cases: Vec<Case>,
        }
        #[derive(Deserialize)]
        struct Case {
            splits: usize,
            mean: f64,
            deviation: f64,
        }
        let fixture: Fixture = fixtures::read(include_str!("../../tests/fixtures/metrics/inception.json"));
        for case in fixture.cases {
            let (mean, deviation) = inception_score(&fixture.probabilities, fixture.classes, case.splits).unwrap();
            fixtures::close(mean, case.mean);
            fixtures::close(deviation, case.deviation);
        }
    }

    #[test]
    fn certain_and_even_predictions_score_the_number_of_classes_and_useless_ones_score_one() {
        let certain = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let (score, _) = inception_score(&certain, 3, 1).unwrap();
        assert!((score - 3.0).abs() < 1e-12);
        let useless = [0.25f32; 40];
        assert_eq!(inception_score(&useless, 4, 2).unwrap().0, 1.0);
    }

    #[test]
    fn what_are_no_probabilities_is_refused() {
        let error = |values: &[f32], splits| inception_score(values, 2, splits).unwrap_err().to_string();
        assert!(error(&[0.5, 0.5, 3.0, -1.0], 1).contains("row 1, column 1, both counted from 0, is -1"));
        assert!(error(&[0.5, f32::NAN], 1).contains("is NaN; expected a probability"));
        assert!(error(&[2.0, 3.0], 1).contains("softmax"));
        assert!(error(&[0.5; 3], 1).contains("3 values"));
        assert!(error(&[0.5; 4], 3).contains("needs at least 3 samples (one a split), there are 2"));
    }
}
