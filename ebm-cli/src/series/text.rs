//! Tables of texts in four forms, and templates.

use crate::exit::{Exit, Failure, OrExit};
use crate::shown::Shown;

#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of cells without line breaks: each is a line, and may quote a file.
    pub fn new(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Self {
        let shown = |cells: Vec<String>| cells.iter().map(|cell| Shown(cell).to_string()).collect();
        Self { heads: heads.iter().map(|head| head.to_string()).collect(), rows: rows.map(shown).collect() }
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.heads).chain(&self.rows)
    }

    /// For a terminal: columns two spaces apart.
    pub fn aligned(&self) -> String {
        let width = |column: usize| self.lines().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        self.lines().map(line).collect()
    }

    /// In Markdown: the first column to the left, all others to the right.
    pub fn markdown(&self) -> String {
        // A bar in a cell would end it.
        let cells = |cells: &Vec<String>| cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>();
        let line = |row: &Vec<String>| format!("| {} |\n", cells(row).join(" | "));
        let rule = format!("|---{}|\n", "|--:".repeat(self.heads.len() - 1));
        let rows: String = self.rows.iter().map(line).collect();
        line(&self.heads) + &rule + &rows
    }

    /// In HTML, scrolling by itself where it is too wide.
    pub fn html(&self) -> String {
        let row = |tag: &str, cells: &[String]| {
            let cell = |cell: &String| format!("<{tag}>{}</{tag}>", escaped(cell));
            format!("<tr>{}</tr>\n", cells.iter().map(cell).collect::<String>())
        };
        let rows: String = self.rows.iter().map(|cells| row("td", cells)).collect();
        let head = row("th", &self.heads);
        format!("<div class=\"scroll\"><table>\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody></table></div>\n")
    }

    pub fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in self.lines() {
            writer.write_record(row).or_exit(Exit::Other)?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error()).or_exit(Exit::Other)?;
        String::from_utf8(bytes).or_exit(Exit::Other)
    }
}

/// A text without anything that HTML takes for markup.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text as a word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Puts values into a template, each in place of its name between `%%` and `%%`.
pub fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let parts = template.split("%%").enumerate();
    let filled = parts.map(|(index, part)| if index % 2 == 0 { part.to_string() } else { value(part) });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_taken_for_markup() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
    }

    #[test]
    fn values_that_look_like_names_are_not_filled_in_again() {
        let filled = fill("a %%x%% b %%y%%.", |name| format!("[{name} %%x%%]"));
        assert_eq!(filled, "a [x %%x%%] b [y %%x%%].");
    }
}
