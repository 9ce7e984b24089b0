use serde::Serialize;
use std::{collections::BTreeMap, fmt, iter::zip};

use ebm_core::device::Real;
use ebm_core::kernels::selftest::{Case, Quantity};
use ebm_eval::evaluate::Rows;

use super::figures::{Fault, Figures, figures};
use super::reference::error;

/// The verdict on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All figures are those of the reference.
    Passed,
    /// It has no reference; all figures are finite.
    Ran,
    /// It cannot be run here, and need not be.
    Skipped,
    /// A value is wrong, or missing.
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

/// A case with its result.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The group, what is computed, and with which options.
    pub name: String,
    /// The largest relative error of each figure.
    pub errors: BTreeMap<Quantity, f64>,
    /// The largest one that is allowed.
    pub tolerance: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason for the verdict, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Row {
    fn new(name: &str, tolerance: f64) -> Self {
        Self { name: name.into(), errors: BTreeMap::new(), tolerance, verdict: Verdict::Ran, note: None }
    }

    /// A case that the reference has and this build has not.
    pub(super) fn absent(name: &str) -> Self {
        Self::new(name, 0.0).say(Verdict::Skipped, "the reference has it, and this build does not".into())
    }

    /// Runs a case and compares it with its reference.
    pub(super) fn of(case: &Case, known: Option<&Figures>) -> Self {
        let row = Self::new(&case.name, case.units * f64::from(Real::EPSILON));
        match (figures(case, 0), known) {
            (Err(Fault::Broken(reason)), _) => row.missed(reason),
            (Err(Fault::Unfit(reason)), None) => row.say(Verdict::Skipped, reason),
            // A case that could be run there can be run here.
            (Err(Fault::Unfit(reason)), Some(_)) => row.missed(reason),
            (Ok(_), None) => row.noting("no reference: all figures are finite"),
            (Ok(found), Some(known)) => row.compared(&found, known),
        }
    }

    fn compared(mut self, found: &Figures, known: &Figures) -> Self {
        self.verdict = Verdict::Passed;
        for quantity in Quantity::ALL {
            let [found, known] = [found, known].map(|figures| figures.get(&quantity).map_or(&[][..], Vec::as_slice));
            let Some(error) = error(found, known) else {
                let [found, known] = [found, known].map(|arrays| arrays.iter().map(Vec::len).sum::<usize>());
                return self.missed(format!("{quantity}: {found} figures, and the reference has {known}"));
            };
            if found.is_empty() {
                continue;
            }
            // A NaN is within no tolerance.
            if (error > self.tolerance || error.is_nan()) && self.verdict == Verdict::Passed {
                self = self.missed(worst(quantity, found, known));
            }
            self.errors.insert(quantity, error);
        }
        self
    }

    fn missed(self, reason: String) -> Self {
        self.say(Verdict::Missed, reason)
    }

    fn say(self, verdict: Verdict, note: String) -> Self {
        Self { verdict, note: Some(note), ..self }
    }

    /// The same result with a note, unless a value was wrong or missing.
    pub(super) fn noting(self, note: &str) -> Self {
        match self.verdict {
            Verdict::Missed => self,
            verdict => self.say(verdict, note.into()),
        }
    }
}

/// The place with the largest difference, in words.
fn worst(quantity: Quantity, found: &[Vec<f64>], known: &[Vec<f64>]) -> String {
    let error = |index: &usize| error(&found[*index..=*index], &known[*index..=*index]).unwrap_or(f64::INFINITY);
    let array = (0..found.len()).max_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or(0);
    let pairs = zip(&found[array], &known[array]).enumerate();
    let apart = |(_, (f, k)): &(usize, (&f64, &f64))| (*f - *k).abs();
    let worst = pairs.max_by(|a, b| apart(a).total_cmp(&apart(b)));
    let (place, (value, right)) = worst.unwrap_or((0, (&0.0, &0.0)));
    let of = if found.len() > 1 { format!(" of array {array}") } else { String::new() };
    format!("{quantity}: figure {place}{of} is {value:e}, the reference {right:e}")
}

/// The results of all cases.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// One row per case.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether a figure is another one than that of the reference, or missing.
    pub fn failed(&self) -> bool {
        self.count(Verdict::Missed) > 0
    }

    /// The number of cases with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [value, pushed, x, weights] = Quantity::ALL.map(Quantity::heading);
        let headings = ["largest relative error of", value, pushed, x, weights, "allowed", "verdict"];
        let mut table = Rows::new(headings, [false, true, true, true, true, true, false]);
        for row in &self.rows {
            let error = |quantity| row.errors.get(&quantity).map_or("-".into(), |error| format!("{error:.1e}"));
            let [a, b, c, d] = Quantity::ALL.map(error);
            let allowed = format!("{:.1e}", row.tolerance);
            table.push([row.name.clone(), a, b, c, d, allowed, row.verdict.to_string()]);
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
    use ebm_core::kernels::selftest::{Draws, OPERATION};

    fn row(values: Vec<f64>, known: &[f64]) -> Row {
        let case = Case::new("kernel a", OPERATION, move || vec![(Quantity::Value, values.clone())]);
        Row::of(&case, Some(&Figures::from([(Quantity::Value, vec![known.to_vec()])])))
    }

    #[test]
    fn a_wrong_figure_is_missed_and_told_and_a_rounded_one_is_not() {
        let right = row(vec![2.0 + f64::from(Real::EPSILON), 1.0], &[2.0, 1.0]);
        assert_eq!((right.verdict, right.note.as_deref()), (Verdict::Passed, None));
        let wrong = row(vec![2.0, 1.001], &[2.0, 1.0]);
        let note = "value: figure 1 is 1.001e0, the reference 1e0";
        assert_eq!((wrong.verdict, wrong.note.as_deref()), (Verdict::Missed, Some(note)));
        assert!((wrong.errors[&Quantity::Value] - 0.0005).abs() < 1e-9);
        let text = Report { rows: vec![right, wrong] }.to_string();
        let end = "1 passed, 1 missed, 0 ran without a reference (all figures are finite), 0 skipped";
        assert!(text.contains(&format!("\nMISSED: kernel a: {note}")) && text.ends_with(end), "{text}");
    }

    #[test]
    fn figures_that_are_not_there_and_a_case_without_them_are_missed() {
        let short = row(vec![2.0], &[2.0, 1.0]);
        assert_eq!(short.note.as_deref(), Some("value: 1 figures, and the reference has 2"));
        let unfit = |known: Option<&Figures>| {
            let case = Case::fallible("generator a", 1.0, Draws::Nothing, |_| Err("no".into()));
            Row::of(&case, known).verdict
        };
        let verdicts = (unfit(None), unfit(Some(&Figures::new())));
        assert_eq!(verdicts, (Verdict::Skipped, Verdict::Missed));
    }
}
