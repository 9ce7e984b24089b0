//! How well a score tells two sets apart.

use serde::{Deserialize, Serialize};

use crate::features::MetricError;

/// The share of positives that the false positive rate is given at.
const TRUE_POSITIVE_RATE: f64 = 0.95;

/// How well a score tells positives, which should score higher, from negatives.
///
/// All three are functions of the order of the scores alone. Equal scores are on one side of every threshold, as in
/// scikit-learn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Area under the receiver operating characteristic: the probability that a positive scores higher than a negative,
    /// a tie counting half. 0.5 is chance.
    pub auroc: f64,
    /// Its standard error: DeLong, DeLong and Clarke-Pearson (Biometrics 1988). NaN with fewer than two of a kind.
    pub auroc_standard_error: f64,
    /// Area under precision and recall, as average precision: the sum over thresholds of precision times the increase in
    /// recall. Chance is the share of positives.
    pub average_precision: f64,
    /// Share of negatives at or above the highest threshold that 95 % of the positives reach.
    pub fpr_at_95: f64,
    /// Number of positives.
    pub positives: usize,
    /// Number of negatives.
    pub negatives: usize,
}

impl Detection {
    /// Compares two sets of scores.
    ///
    /// # Errors
    /// If a set is empty, or a score is no number. Infinite ones are as good as others.
    pub fn of(positives: &[f64], negatives: &[f64]) -> Result<Self, MetricError> {
        let ranked = ranked(positives, negatives)?;
        let (m, n) = (positives.len() as f64, negatives.len() as f64);
        // Counts of each kind at or above the threshold, which falls from group to group.
        let (mut hits, mut alarms) = (0.0, 0.0);
        let (mut wins, mut average_precision, mut fpr_at_95) = (0.0, 0.0, None);
        let mut placed: Vec<[(f64, f64); 2]> = Vec::new();
        for group in ranked.chunk_by(|a, b| a.0 == b.0) {
            let positive = group.iter().filter(|(_, positive)| *positive).count() as f64;
            let negative = group.len() as f64 - positive;
            // The share of the other kind that one of this group is on the right side of.
            let of_positive = (n - alarms - 0.5 * negative) / n;
            let of_negative = (hits + 0.5 * positive) / m;
            placed.push([(positive, of_positive), (negative, of_negative)]);
            wins += positive * of_positive;
            hits += positive;
            alarms += negative;
            average_precision += positive / m * (hits / (hits + alarms));
            if fpr_at_95.is_none() && hits / m >= TRUE_POSITIVE_RATE {
                fpr_at_95 = Some(alarms / n);
            }
        }
        let auroc = wins / m;
        let variance = |kind: usize, count: f64| {
            let squares = placed.iter().map(|group| group[kind].0 * (group[kind].1 - auroc).powi(2));
            squares.sum::<f64>() / (count - 1.0) / count
        };
        Ok(Self {
            auroc,
            auroc_standard_error: (variance(0, m) + variance(1, n)).sqrt(),
            average_precision,
            fpr_at_95: fpr_at_95.unwrap_or(1.0),
            positives: positives.len(),
            negatives: negatives.len(),
        })
    }
}

/// All scores, the highest first, and whether each is a positive's.
fn ranked(positives: &[f64], negatives: &[f64]) -> Result<Vec<(f64, bool)>, MetricError> {
    let kinds = [("scores of positives", positives), ("scores of negatives", negatives)];
    for (what, scores) in kinds {
        if scores.is_empty() {
            return Err(MetricError::too_few("a detection rate", what, 1, 0));
        }
        if let Some(row) = scores.iter().position(|score| score.is_nan()) {
            return Err(MetricError::value(what, (row, 0), scores[row], "a number"));
        }
    }
    let of = |scores: &[f64], positive| scores.iter().map(|score| (*score, positive)).collect::<Vec<_>>();
    let mut ranked = [of(positives, true), of(negatives, false)].concat();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(ranked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        positive: Vec<f64>,
        negative: Vec<f64>,
        auroc: f64,
        auroc_standard_error: f64,
        average_precision: f64,
        fpr_at_95: f64,
    }

    #[test]
    fn it_equals_scikit_learn_also_where_scores_tie() {
        for case in fixtures::read::<Vec<Case>>(include_str!("../../tests/fixtures/metrics/detection.json")) {
            println!("{}", case.name);
            let found = Detection::of(&case.positive, &case.negative).unwrap();
            fixtures::close(found.auroc, case.auroc);
            fixtures::close(found.auroc_standard_error, case.auroc_standard_error);
            fixtures::close(found.average_precision, case.average_precision);
            fixtures::close(found.fpr_at_95, case.fpr_at_95);
        }
    }

    #[test]
    fn perfect_scores_are_perfect_also_where_they_are_infinite() {
        let found = Detection::of(&[f64::INFINITY, 3.0, f64::INFINITY], &[1.0, f64::NEG_INFINITY]).unwrap();
        assert_eq!(
            (found.auroc, found.average_precision, found.fpr_at_95, found.auroc_standard_error),
            (1.0, 1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn signed_zeros_tie() {
        assert_eq!(Detection::of(&[0.0, -0.0], &[-0.0, 0.0]).unwrap().auroc, 0.5);
    }

    #[test]
    fn nothing_to_compare_and_scores_that_are_no_numbers_are_refused() {
        let error = Detection::of(&[], &[1.0]).unwrap_err().to_string();
        assert!(error.contains("at least 1 scores of positives, there are 0"), "{error}");
        let error = Detection::of(&[1.0], &[1.0, f64::NAN]).unwrap_err().to_string();
        assert!(error.contains("scores of negatives: row 1"), "{error}");
    }
}
