//! The differences between two records.

use super::record::{COLUMNS, Step};

/// The figures that differ by more than `tolerance` times their size, or that are in one record only: a line each, with the step,
/// counted from 1, the name, both values and their difference.
pub fn differences(golden: &[Step], now: &[Step], tolerance: f64) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0..golden.len().max(now.len()) {
        for (column, name) in COLUMNS.into_iter().enumerate() {
            let at = |steps: &[Step]| steps.get(index).and_then(|step| step[column]);
            let pair = (at(golden), at(now));
            let same = match pair {
                // A NaN is within no tolerance.
                (Some(golden_figure), Some(now)) => {
                    let size = golden_figure.abs().max(usual(golden, column));
                    (now - golden_figure).abs() <= tolerance * size
                }
                (golden, now) => golden == now,
            };
            if !same {
                found.push(line(index + 1, name, pair));
            }
        }
    }
    found
}

/// The median size of a column: a value that passes through zero has no size of its own.
fn usual(golden: &[Step], column: usize) -> f64 {
    let mut sizes: Vec<f64> = golden.iter().filter_map(|step| Some(step[column]?.abs())).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

fn line(step: usize, name: &str, (golden, now): (Option<f64>, Option<f64>)) -> String {
    let figure = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.9e}"));
    let difference = golden.zip(now).map_or("-".to_string(), |(golden, now)| format!("{:.1e}", now - golden));
    let (golden, now) = (figure(golden), figure(now));
    format!("step {step:>2}  {name:<24} golden {golden:>17}  now {now:>17}  difference {difference}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        let mut step = [1.0, -2.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0].map(Some);
        step[3] = None;
        vec![step; 3]
    }

    fn changed(column: usize, figure: Option<f64>) -> Vec<Step> {
        let mut steps = steps();
        steps[1][column] = figure;
        steps
    }

    #[test]
    fn a_figure_is_measured_by_its_size_or_the_usual_one_of_its_column() {
        let found = |golden: &[Step], figure| differences(golden, &changed(1, Some(figure)), 1e-3).len();
        for (golden, near, far) in [
            (steps(), -2.0019, -2.0021),
            (changed(1, Some(1e6)), 1e6 + 900.0, 1e6 + 1100.0),
            (changed(1, Some(1e-9)), 1.9e-3, 2.1e-3),
        ] {
            assert_eq!((found(&golden, near), found(&golden, far)), (0, 1));
        }
    }

    #[test]
    fn what_is_missing_and_what_is_not_a_number_differs_and_is_told() {
        let golden = steps();
        for (column, figure) in [(0, None), (3, Some(1.0)), (4, Some(f64::NAN)), (2, Some(1e-9))] {
            let found = differences(&golden, &changed(column, figure), 1e-3);
            assert_eq!(found.len(), 1, "{column}");
            assert!(found[0].contains(COLUMNS[column]), "{found:?}");
        }
        // Seven figures of the step that is not there.
        assert_eq!(differences(&golden, &golden[..2], 1e-3).len(), 7);
        assert_eq!(differences(&golden[..2], &golden, 1e-3).len(), 7);
        let told = &differences(&golden, &changed(1, Some(-2.5)), 1e-3)[0];
        for part in ["step  2", "generator_loss", "-2.000000000e0", "-2.500000000e0", "-5.0e-1"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
