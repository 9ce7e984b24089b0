use serde::{Deserialize, Serialize};

use crate::features::MetricError;
use crate::metric::{MetricValue, Unit};
use crate::ood::Score;

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

/// AUROC, AUPRC and FPR at 95 % TPR of a score of outliers, which are the positives.
///
/// `of` are the outliers' name and what they are. The same with the data as positives, which some papers give, is in the
/// diagnostics. Keys are `auroc/NAME` for the energy, and `auroc/NAME/SCORE` for other scores.
///
/// # Errors
/// If a score is no number, or a set is empty.
pub fn detection_values(
    score: Score,
    of: (&str, &str),
    outliers: &[f64],
    data: &[f64],
) -> Result<Vec<MetricValue>, MetricError> {
    let found = Detection::of(outliers, data)?;
    let negated = |scores: &[f64]| scores.iter().map(|score| -score).collect::<Vec<_>>();
    let reversed = Detection::of(&negated(data), &negated(outliers))?;
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let samples = outliers.len() + data.len();
    let (name, what) = of;
    let (suffix, by) = match score {
        Score::Energy => (String::new(), String::new()),
        other => (format!("/{}", other.name()), format!(" by {}", other.name())),
    };
    let against = format!("{} outliers ({what}) and {} held-out samples", outliers.len(), data.len());
    let share = |(key, label): (&str, &str), value: f64, protocol: String| {
        let (name, label) = (format!("{key}/{name}{suffix}"), format!("{label}, {name}{by}"));
        MetricValue::new(&name, &label, (value, Unit::Share), samples, protocol)
    };
    let score = score.name();
    let pairs = format!("share of pairs in which the outlier has the higher score ({score})");
    let auroc = format!("{pairs}, of {against}; 50 % is chance; standard error by DeLong's formula");
    let chance = 100.0 * outliers.len() as f64 / samples as f64;
    let auprc =
        format!("average precision with outliers as positives by {score}, of {against}; {chance:.1} % is chance");
    let fpr = format!(
        "share of held-out samples with at least the score ({score}) that 95 % of the outliers have, of {against}"
    );
    Ok(vec![
        share(("auroc", "AUROC"), found.auroc, auroc)
            .with_error(found.auroc_standard_error)
            .with("mean_score_of_outliers", mean(outliers))
            .with("mean_score_of_data", mean(data)),
        share(("auprc", "AUPRC"), found.average_precision, auprc)
            .with("with_data_as_positives", reversed.average_precision),
        share(("fpr95", "FPR at 95 % TPR"), found.fpr_at_95, fpr).with("with_data_as_positives", reversed.fpr_at_95),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn it_equals_scikit_learn_also_where_scores_tie() {
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
        let found = [found.auroc, found.average_precision, found.fpr_at_95, found.auroc_standard_error];
        assert_eq!(found, [1.0, 1.0, 0.0, 0.0]);
        // Signed zeros tie.
        assert_eq!(Detection::of(&[0.0, -0.0], &[-0.0, 0.0]).unwrap().auroc, 0.5);
    }

    #[test]
    fn nothing_to_compare_and_scores_that_are_no_numbers_are_refused() {
        let error = Detection::of(&[], &[1.0]).unwrap_err().to_string();
        assert!(error.contains("at least 1 scores of positives, there are 0"), "{error}");
        let error = Detection::of(&[1.0], &[1.0, f64::NAN]).unwrap_err().to_string();
        assert!(error.contains("scores of negatives: row 1"), "{error}");
    }
    #[test]
    fn outliers_of_higher_energy_are_detected_and_each_value_says_of_what() {
        let values = |score| {
            let (outliers, data) = ([5.0, 6.0, 7.0], [0.0, 1.0, 2.0, 5.5]);
            detection_values(score, ("far", "far away"), &outliers, &data).unwrap()
        };
        let other = &values(Score::Typicality)[0];
        assert_eq!((other.name.as_str(), other.value), ("auroc/far/typicality", 11.0 / 12.0));
        let values = values(Score::Energy);
        let keys: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(keys, ["auroc/far", "auprc/far", "fpr95/far"]);
        // 11 of 12 pairs; the threshold at which all outliers are found lets 5.5 through.
        assert_eq!((values[0].value, values[2].value), (11.0 / 12.0, 0.25));
        // With data as positives all of it is found at a threshold that two of three outliers do not reach.
        assert_eq!(values[2].diagnostics[0].1, 1.0 / 3.0);
        assert_eq!(values[0].samples, 7);
        assert!(values[0].protocol.contains("3 outliers (far away) and 4 held-out samples"));
    }
}
