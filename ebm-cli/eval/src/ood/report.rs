//! The figures of a comparison.

use crate::evaluate::{Figure, Unit};
use crate::metrics::{Detection, MetricError};

/// AUROC, AUPRC and FPR at 95 % TPR of the energy as the score of outliers, which are the positives.
///
/// `what` says what the outliers are. The same with the data as positives, which some papers give, is in the diagnostics.
///
/// # Errors
/// If an energy is no number, or a set is empty.
pub fn detection_figures(name: &str, what: &str, outliers: &[f64], data: &[f64]) -> Result<Vec<Figure>, MetricError> {
    let found = Detection::of(outliers, data)?;
    let negated = |energies: &[f64]| energies.iter().map(|energy| -energy).collect::<Vec<_>>();
    let reversed = Detection::of(&negated(data), &negated(outliers))?;
    let mean = |energies: &[f64]| energies.iter().sum::<f64>() / energies.len() as f64;
    let samples = outliers.len() + data.len();
    let against = format!(
        "{} outliers ({what}) and {} held-out samples",
        outliers.len(),
        data.len()
    );
    let share = |key: &str, label: &str, value: f64, error: Option<f64>, protocol: String| {
        Figure::plain(
            &format!("{key}/{name}"),
            &format!("{label}, {name}"),
            (value, Unit::Share),
            (error, samples),
            protocol,
        )
    };
    let mut auroc = share(
        "auroc",
        "AUROC",
        found.auroc,
        Some(found.auroc_standard_error).filter(|error| error.is_finite()),
        format!(
            "share of pairs in which the outlier has the higher energy, of {against}; 50 % is chance; standard error by DeLong's formula"
        ),
    );
    auroc.diagnostics = vec![
        ("mean_energy_of_outliers".into(), mean(outliers)),
        ("mean_energy_of_data".into(), mean(data)),
    ];
    let mut auprc = share(
        "auprc",
        "AUPRC",
        found.average_precision,
        None,
        format!(
            "average precision with outliers as positives, of {against}; {:.1} % is chance",
            100.0 * outliers.len() as f64 / samples as f64
        ),
    );
    auprc.diagnostics = vec![("with_data_as_positives".into(), reversed.average_precision)];
    let mut fpr = share(
        "fpr95",
        "FPR at 95 % TPR",
        found.fpr_at_95,
        None,
        format!("share of held-out samples with at least the energy that 95 % of the outliers have, of {against}"),
    );
    fpr.diagnostics = vec![("with_data_as_positives".into(), reversed.fpr_at_95)];
    Ok(vec![auroc, auprc, fpr])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_of_higher_energy_are_detected_and_each_figure_says_of_what() {
        let figures = detection_figures("far", "far away", &[5.0, 6.0, 7.0], &[0.0, 1.0, 2.0, 5.5]).unwrap();
        let keys: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
        assert_eq!(keys, ["auroc/far", "auprc/far", "fpr95/far"]);
        // 11 of 12 pairs; the threshold at which all outliers are found lets 5.5 through.
        assert_eq!((figures[0].value, figures[2].value), (11.0 / 12.0, 0.25));
        // With data as positives all of it is found at a threshold that two of three outliers do not reach.
        assert_eq!(figures[2].diagnostics[0].1, 1.0 / 3.0);
        assert_eq!(figures[0].samples, 7);
        assert!(
            figures[0]
                .protocol
                .contains("3 outliers (far away) and 4 held-out samples")
        );
    }
}
