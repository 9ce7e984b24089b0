//! What came of the comparison.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

use super::case::{Case, Fault};
use super::figures::{Compared, Figures};
use super::reference::error;
use ebm_eval::evaluate::Rows;

/// What is said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All figures are those of the reference.
    Passed,
    /// It has no reference; all figures are finite.
    Ran,
    /// It cannot be run here, and need not.
    Skipped,
    /// A figure is another one, or none.
    Missed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Ran => "ran",
            Self::Skipped => "skipped",
            Self::Missed => "MISSED",
        })
    }
}

/// A case, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The group, what is computed, and with which options.
    pub name: String,
    /// The largest relative error of each figure.
    pub errors: BTreeMap<Compared, f64>,
    /// The largest one that is allowed.
    pub tolerance: f64,
    /// What is said of it.
    pub verdict: Verdict,
    /// Why, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Row {
    /// A case of the reference that this build has not.
    pub(super) fn absent(name: &str) -> Self {
        Self {
            name: name.into(),
            errors: BTreeMap::new(),
            tolerance: 0.0,
            verdict: Verdict::Skipped,
            note: Some("the reference has it, and this build does not".into()),
        }
    }

    /// Runs a case and compares it with what is known of it.
    pub(super) fn of(case: &Case, known: Option<&Figures>) -> Self {
        let row = Self {
            name: case.name.clone(),
            errors: BTreeMap::new(),
            tolerance: case.tolerance(),
            verdict: Verdict::Ran,
            note: None,
        };
        match (case.figures(0), known) {
            (Err(Fault::Broken(reason)), _) => row.missed(reason),
            (Err(Fault::Unfit(reason)), None) => row.say(Verdict::Skipped, reason),
            // What could be run there can be run here.
            (Err(Fault::Unfit(reason)), Some(_)) => row.missed(reason),
            (Ok(_), None) => row.noting("no reference: all figures are finite"),
            (Ok(found), Some(known)) => row.compared(&found, known),
        }
    }

    fn compared(mut self, found: &Figures, known: &Figures) -> Self {
        self.verdict = Verdict::Passed;
        for compared in Compared::ALL {
            let (found, known) = match (found.get(&compared), known.get(&compared)) {
                (None, None) => continue,
                (Some(found), Some(known)) if count(found) == count(known) => (found, known),
                (found, known) => {
                    let count = |arrays: Option<&Vec<Vec<f64>>>| arrays.map_or(0, |arrays| count(arrays));
                    let note = format!(
                        "{compared}: {} figures, and the reference has {}",
                        count(found),
                        count(known)
                    );
                    return self.missed(note);
                }
            };
            let error = error(found, known).unwrap_or(f64::INFINITY);
            // A NaN is within no tolerance.
            if (error > self.tolerance || error.is_nan()) && self.verdict == Verdict::Passed {
                self = self.missed(worst(compared, found, known));
            }
            self.errors.insert(compared, error);
        }
        self
    }

    fn missed(self, reason: String) -> Self {
        self.say(Verdict::Missed, reason)
    }

    fn say(self, verdict: Verdict, note: String) -> Self {
        Self {
            verdict,
            note: Some(note),
            ..self
        }
    }

    /// The same with a note, where nothing was missed.
    pub(super) fn noting(self, note: &str) -> Self {
        match self.verdict {
            Verdict::Missed => self,
            verdict => self.say(verdict, note.into()),
        }
    }
}

fn count(arrays: &[Vec<f64>]) -> usize {
    arrays.iter().map(Vec::len).sum()
}

fn worst(compared: Compared, found: &[Vec<f64>], known: &[Vec<f64>]) -> String {
    let error = |index: &usize| error(&found[*index..=*index], &known[*index..=*index]).unwrap_or(f64::INFINITY);
    let arrays = 0..found.len().min(known.len());
    let array = arrays.max_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or(0);
    let pairs = found[array].iter().zip(&known[array]).enumerate();
    let apart = |(_, (f, k)): &(usize, (&f64, &f64))| (*f - *k).abs();
    let worst = pairs.max_by(|a, b| apart(a).total_cmp(&apart(b)));
    let (place, (value, right)) = worst.unwrap_or((0, (&0.0, &0.0)));
    let of = if found.len() > 1 {
        format!(" of array {array}")
    } else {
        String::new()
    };
    format!("{compared}: figure {place}{of} is {value:e}, the reference {right:e}")
}

/// What came of all cases.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// A row each.
    pub rows: Vec<Row>,
}

impl Report {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    /// Whether a figure is another one than that of the reference, or none.
    pub fn failed(&self) -> bool {
        self.count(Verdict::Missed) > 0
    }

    /// How many cases a verdict is said of.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [value, pushforward, inputs, weights] = Compared::ALL.map(Compared::heading);
        let mut table = Rows::new(
            [
                "largest relative error of",
                value,
                pushforward,
                inputs,
                weights,
                "allowed",
                "verdict",
            ],
            [false, true, true, true, true, true, false],
        );
        for row in &self.rows {
            let [a, b, c, d] = Compared::ALL.map(|compared| match row.errors.get(&compared) {
                None => "-".to_string(),
                Some(error) => format!("{error:.1e}"),
            });
            table.push([
                row.name.clone(),
                a,
                b,
                c,
                d,
                format!("{:.1e}", row.tolerance),
                row.verdict.to_string(),
            ]);
        }
        writeln!(f, "{table}")?;
        for row in &self.rows {
            if let (Verdict::Missed | Verdict::Skipped, Some(note)) = (row.verdict, &row.note) {
                writeln!(f, "{}: {}: {note}", row.verdict, row.name)?;
            }
        }
        let [passed, ran, skipped, missed] =
            [Verdict::Passed, Verdict::Ran, Verdict::Skipped, Verdict::Missed].map(|verdict| self.count(verdict));
        write!(
            f,
            "{passed} passed, {missed} missed, {ran} ran without a reference (all figures are finite), {skipped} skipped"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::case::OPERATION;

    fn row(values: Vec<f64>, known: &[f64]) -> Row {
        let case = Case::new("kernel a", OPERATION, move || vec![(Compared::Value, values.clone())]);
        Row::of(&case, Some(&Figures::from([(Compared::Value, vec![known.to_vec()])])))
    }

    #[test]
    fn a_wrong_figure_is_missed_and_told_and_a_rounded_one_is_not() {
        let rounding = f64::from(ebm_core::device::Real::EPSILON);
        let right = row(vec![2.0 + rounding, 1.0], &[2.0, 1.0]);
        assert_eq!((right.verdict, right.note.as_deref()), (Verdict::Passed, None));
        let wrong = row(vec![2.0, 1.001], &[2.0, 1.0]);
        assert_eq!(wrong.verdict, Verdict::Missed);
        assert_eq!(
            wrong.note.as_deref(),
            Some("value: figure 1 is 1.001e0, the reference 1e0")
        );
        assert!((wrong.errors[&Compared::Value] - 0.0005).abs() < 1e-9);
        let text = Report::new(vec![right, wrong]).to_string();
        assert!(
            text.contains("\nMISSED: kernel a: value: figure 1 is 1.001e0"),
            "{text}"
        );
        assert!(
            text.ends_with("1 passed, 1 missed, 0 ran without a reference (all figures are finite), 0 skipped"),
            "{text}"
        );
    }

    #[test]
    fn figures_that_are_not_there_and_a_case_without_them_are_missed() {
        let short = row(vec![2.0], &[2.0, 1.0]);
        assert_eq!(short.note.as_deref(), Some("value: 1 figures, and the reference has 2"));
        let unfit = |known: Option<&Figures>| {
            let case = Case::fallible("generator a", 1.0, crate::selftest::case::Draws::Nothing, |_| {
                Err("no".into())
            });
            Row::of(&case, known).verdict
        };
        assert_eq!(
            (unfit(None), unfit(Some(&Figures::new()))),
            (Verdict::Skipped, Verdict::Missed)
        );
    }
}
