//! The report of a comparison of bounds: the results of a series of runs with a point for each pair of bounds.

mod comparison;
mod page;
mod pictures;
mod tables;

pub use comparison::{Baseline, COMPARISON, Comparison, Pair, Row, Timing};

use crate::exit::Failure;

/// Writes the tables, the pictures and the page of a comparison. Returns the table for people.
pub fn write_report(comparison: &Comparison<'_>) -> Result<String, Failure> {
    let directory = &comparison.plan.directory;
    let pictures = comparison.draw()?;
    directory.write("table.md", &comparison.markdown())?;
    directory.write("table.csv", &comparison.csv()?)?;
    directory.write("table.json", &comparison.json()?)?;
    directory.write("report.html", &comparison.page(&pictures)?)?;
    Ok(comparison.table().markdown())
}
