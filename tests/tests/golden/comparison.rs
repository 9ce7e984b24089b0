//! What is different between two records.

use super::losses::{COLUMNS, Step};

/// A figure that is not what it was.
#[derive(Debug, PartialEq)]
pub struct Difference {
    /// The step, counted from 1.
    pub step: usize,
    pub name: &'static str,
    pub golden: Option<f64>,
    pub now: Option<f64>,
}

/// The figures that differ by more than `tolerance` times their size, or that are in one record only.
pub fn differences(golden: &[Step], now: &[Step], tolerance: f64) -> Vec<Difference> {
    let mut found = Vec::new();
    for index in 0..golden.len().max(now.len()) {
        for (column, name) in COLUMNS.into_iter().enumerate() {
            let at = |steps: &[Step]| steps.get(index).and_then(|step| step[column]);
            let (golden_figure, now_figure) = (at(golden), at(now));
            let same = match (golden_figure, now_figure) {
                // A NaN is within no tolerance.
                (Some(figure), Some(now)) => {
                    (now - figure).abs() <= tolerance * figure.abs().max(usual(golden, column))
                }
                (golden, now) => golden == now,
            };
            if !same {
                found.push(Difference {
                    step: index + 1,
                    name,
                    golden: golden_figure,
                    now: now_figure,
                });
            }
        }
    }
    found
}

/// The median size of a column: a figure that passes through zero has no size of its own.
fn usual(golden: &[Step], column: usize) -> f64 {
    let mut sizes: Vec<f64> = golden.iter().filter_map(|step| Some(step[column]?.abs())).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// The differences as a table.
pub fn table(differences: &[Difference]) -> String {
    let figure = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.9e}"));
    let mut text = format!(
        "{:>4}  {:<24}{:>20}{:>20}{:>12}\n",
        "step", "name", "golden", "now", "difference"
    );
    for Difference {
        step,
        name,
        golden,
        now,
    } in differences
    {
        let difference = golden
            .zip(*now)
            .map_or("-".to_string(), |(golden, now)| format!("{:.1e}", now - golden));
        text += &format!(
            "{step:>4}  {name:<24}{:>20}{:>20}{difference:>12}\n",
            figure(*golden),
            figure(*now)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Step = [
        Some(1.0),
        Some(-2.0),
        Some(0.0),
        None,
        Some(3.0),
        Some(4.0),
        Some(5.0),
        Some(6.0),
    ];

    fn changed(column: usize, figure: Option<f64>) -> Vec<Step> {
        let mut steps = vec![STEP; 3];
        steps[1][column] = figure;
        steps
    }

    #[test]
    fn a_figure_is_measured_by_its_size_or_the_usual_one_of_its_column() {
        let found = |golden: &[Step], column, figure| differences(golden, &changed(column, figure), 1e-3).len();
        let golden = vec![STEP; 3];
        assert_eq!(
            (found(&golden, 1, Some(-2.0019)), found(&golden, 1, Some(-2.0021))),
            (0, 1)
        );
        let (large, small) = (changed(1, Some(1e6)), changed(1, Some(1e-9)));
        assert_eq!(
            (
                found(&large, 1, Some(1e6 + 900.0)),
                found(&large, 1, Some(1e6 + 1100.0))
            ),
            (0, 1)
        );
        assert_eq!((found(&small, 1, Some(1.9e-3)), found(&small, 1, Some(2.1e-3))), (0, 1));
    }

    #[test]
    fn what_is_missing_and_what_is_not_a_number_differs() {
        let golden = vec![STEP; 3];
        for (column, figure) in [(0, None), (3, Some(1.0)), (4, Some(f64::NAN)), (2, Some(1e-9))] {
            let found = differences(&golden, &changed(column, figure), 1e-3);
            assert_eq!(found.len(), 1, "{column}");
            assert_eq!((found[0].step, found[0].name), (2, COLUMNS[column]));
        }
        // Seven figures of the step that is not there.
        assert_eq!(differences(&golden, &golden[..2], 1e-3).len(), 7);
        assert_eq!(differences(&golden[..2], &golden, 1e-3).len(), 7);
    }

    #[test]
    fn the_table_tells_step_name_both_values_and_their_difference() {
        let found = differences(&vec![STEP; 3], &changed(1, Some(-2.5)), 1e-3);
        let table = table(&found);
        let words: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(
            words,
            ["2", "generator_loss", "-2.000000000e0", "-2.500000000e0", "-5.0e-1"]
        );
    }
}
