use std::fmt;

/// Text in aligned columns: rows of N cells.
pub struct Rows<const N: usize> {
    rows: Vec<[String; N]>,
    /// Which columns hold numbers, and are aligned to the right.
    to_the_right: [bool; N],
}

impl<const N: usize> Rows<N> {
    /// A table of a header only.
    pub fn new(header: [&str; N], to_the_right: [bool; N]) -> Self {
        Self { rows: vec![header.map(String::from)], to_the_right }
    }
    /// Adds a row.
    pub fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }
}

impl<const N: usize> fmt::Display for Rows<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; N] = std::array::from_fn(width);
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(widths).zip(self.to_the_right) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                line.push_str(&if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
