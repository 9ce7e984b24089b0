//! Text in aligned columns.

use std::fmt;

/// Rows of cells; the second, third and fifth column hold numbers and are aligned to the right.
pub(super) struct Rows(Vec<[String; 6]>);

const TO_THE_RIGHT: [bool; 6] = [false, true, true, false, true, false];

impl Rows {
    pub(super) fn new(header: [&str; 6]) -> Self {
        Self(vec![header.map(String::from)])
    }
    pub(super) fn push(&mut self, row: [String; 6]) {
        self.0.push(row);
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in &self.0 {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(widths).zip(TO_THE_RIGHT) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                line.push_str(&if right {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                });
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
