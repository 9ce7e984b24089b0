//! The files of a comparison.

use super::outcome::Comparison;
use crate::exit::Failure;
use crate::series::SeriesDirectory;

/// Writes the tables, the pictures and the report; the table for people.
///
/// # Errors
/// If a file cannot be written.
pub fn write_report(comparison: &Comparison, directory: &SeriesDirectory) -> Result<String, Failure> {
    let pictures = comparison.draw(directory)?;
    directory.write("table.md", &comparison.markdown())?;
    directory.write("table.csv", &comparison.csv()?)?;
    directory.write("table.json", &comparison.json(directory.path())?)?;
    directory.write("report.html", &comparison.html(directory, &pictures)?)?;
    Ok(comparison.markdown_table())
}
