//! The values of a comparison.

use super::Detection;
use crate::features::MetricError;
use crate::metric::{MetricValue, Unit};

/// AUROC, AUPRC and FPR at 95 % TPR of the energy as the score of outliers, which are the positives.
///
/// `what` says what the outliers are. The same with the data as positives, which some papers give, is in the diagnostics.
///
/// # Errors
/// If an energy is no number, or a set is empty.
pub fn detection_values(
    name: &str,
    what: &str,
    outliers: &[f64],
    data: &[f64],
) -> Result<Vec<MetricValue>, MetricError> {
    let found = Detection::of(outliers, data)?;
    let negated = |energies: &[f64]| energies.iter().map(|energy| -energy).collect::<Vec<_>>();
    let reversed = Detection::of(&negated(data), &negated(outliers))?;
    let mean = |energies: &[f64]| energies.iter().sum::<f64>() / energies.len() as f64;
    let samples = outliers.len() + data.len();
    let against = format!("{} outliers ({what}) and {} held-out samples", outliers.len(), data.len());
    let share = |key: &str, label: &str, value: f64, protocol: String| {
        let (name, label) = (format!("{key}/{name}"), format!("{label}, {name}"));
        MetricValue::new(&name, &label, (value, Unit::Share), samples, protocol)
    };
    let auroc = share(
        "auroc",
        "AUROC",
        found.auroc,
        format!(
            "share of pairs in which the outlier has the higher energy, of {against}; 50 % is chance; standard error by DeLong's formula"
        ),
    );
    let auprc = share(
        "auprc",
        "AUPRC",
        found.average_precision,
        format!(
            "average precision with outliers as positives, of {against}; {:.1} % is chance",
            100.0 * outliers.len() as f64 / samples as f64
        ),
    );
    let fpr = share(
        "fpr95",
        "FPR at 95 % TPR",
        found.fpr_at_95,
        format!("share of held-out samples with at least the energy that 95 % of the outliers have, of {against}"),
    );
    Ok(vec![
        auroc
            .with_error(found.auroc_standard_error)
            .with("mean_energy_of_outliers", mean(outliers))
            .with("mean_energy_of_data", mean(data)),
        auprc.with("with_data_as_positives", reversed.average_precision),
        fpr.with("with_data_as_positives", reversed.fpr_at_95),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_of_higher_energy_are_detected_and_each_value_says_of_what() {
        let values = detection_values("far", "far away", &[5.0, 6.0, 7.0], &[0.0, 1.0, 2.0, 5.5]).unwrap();
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
