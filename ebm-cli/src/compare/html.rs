//! The report: one page with everything inside it.

use std::fs;
use std::path::Path;

use super::base64::base64;
use super::directory::picture;
use super::outcome::Comparison;
use super::table::HEADS;
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{End, Record, SeriesDirectory, number};

const STYLE: &str = include_str!("report.css");

/// The figures of a run in its row, with decimals and a factor.
const FIGURES: [(&str, &str, usize, f64); 6] = [
    ("exact NLL, nats", "nll", 3, 1.0),
    ("lower, nats", "lower", 3, 1.0),
    ("upper, nats", "upper", 3, 1.0),
    ("gap, nats", "gap", 3, 1.0),
    ("modes", "modes_covered", 0, 1.0),
    ("good samples, %", "good_share", 1, 100.0),
];

impl Comparison {
    /// The page. `pictures`: titles and files of the pictures of all pairs.
    ///
    /// # Errors
    /// If a picture cannot be read.
    pub(super) fn html(
        &self,
        directory: &SeriesDirectory,
        pictures: &[(&'static str, &'static str)],
    ) -> Result<String, Failure> {
        let title = format!("{}: bounds compared", self.title);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{}</h1>\n",
            escaped(&title),
            escaped(&title)
        );
        page.push_str(&table(
            &HEADS,
            self.rows.iter().map(|row| self.cells(row)).map(Vec::from),
        ));
        page.push_str("<ul class=\"notes\">\n");
        page.extend(self.notes().iter().map(|note| format!("<li>{}</li>\n", escaped(note))));
        page.push_str("</ul>\n");
        self.casualties_list(&mut page);
        page.push_str("<h2>Pairs side by side</h2>\n<div class=\"pictures\">\n");
        for (title, file) in pictures {
            let image = image(&picture(directory, file), title)?;
            page.push_str(&format!("<figure>{image}</figure>\n"));
        }
        page.push_str("</div>\n");
        for pair in 0..self.rows.len() {
            self.pair_section(&mut page, pair)?;
        }
        self.runs_table(&mut page);
        let command = escaped(&self.command);
        page.push_str(&format!("<h2>Made by</h2>\n<pre>{command}</pre>\n</body>\n</html>\n"));
        Ok(page)
    }

    fn casualties_list(&self, page: &mut String) {
        let casualties = self.casualties();
        if casualties.is_empty() {
            page.push_str("<p>No run diverged.</p>\n");
            return;
        }
        page.push_str("<h2>Runs without a result</h2>\n<ul>\n");
        for (name, what, why) in casualties {
            page.push_str(&format!("<li><b>{}</b> {what}: {}</li>\n", escaped(name), escaped(why)));
        }
        page.push_str("</ul>\n");
    }

    fn pair_section(&self, page: &mut String, pair: usize) -> Result<(), Failure> {
        let name = self.rows[pair].pair.name();
        page.push_str(&format!("<h2>{}</h2>\n", escaped(&name)));
        let Some((cell, record)) = self.typical(pair) else {
            page.push_str("<p>No run has pictures.</p>\n");
            return Ok(());
        };
        let which = match record.end {
            End::Sound => "the median run by exact NLL of those that did not diverge",
            _ => "a run that diverged",
        };
        page.push_str(&format!("<p class=\"notes\">Seed {}, {which}.</p>\n", cell.seed));
        for (file, caption) in [
            (
                "sandwich.png",
                "The exact likelihood between its bounds, at each evaluation.",
            ),
            ("curves.png", "The course of the bounds."),
            ("density.png", "Energy, density, data and samples."),
        ] {
            // The bounds' course is what remains where no verdict can be had.
            let Some(path) = record
                .picture(file)
                .filter(|_| file != "curves.png" || record.sandwiches.is_empty())
            else {
                continue;
            };
            let image = image(&path, &format!("{name}: {caption}"))?;
            page.push_str(&format!(
                "<figure><div class=\"scroll\">{image}</div><figcaption>{caption}</figcaption></figure>\n"
            ));
        }
        Ok(())
    }

    fn runs_table(&self, page: &mut String) {
        let heads = ["run", "seed", "ended"]
            .into_iter()
            .chain(FIGURES.map(|(head, ..)| head));
        let heads: Vec<&str> = heads.chain(["sandwich held", "steps", "seconds"]).collect();
        let rows = self.runs.iter().map(|(cell, record)| {
            let mut cells = vec![cell.name.clone(), cell.seed.to_string(), ended(record).to_string()];
            let figure = |(_, key, decimals, factor): (&str, &str, usize, f64)| {
                let value = record.figures.get(key);
                value.map_or("-".to_string(), |value| number(value * factor, decimals))
            };
            cells.extend(FIGURES.map(figure));
            let held = record.sandwiches.values().filter(|sandwich| sandwich.held()).count();
            cells.push(format!("{held} of {}", record.sandwiches.len()));
            cells.push(record.steps.map_or("-".into(), |steps| steps.to_string()));
            cells.push(record.seconds.map_or("-".into(), |seconds| number(seconds, 1)));
            cells
        });
        page.push_str("<h2>Every run</h2>\n");
        page.push_str(&table(&heads, rows));
    }
}

fn ended(record: &Record) -> &'static str {
    match record.end {
        End::Sound => "well",
        End::Diverged(_) => "diverged",
        End::Failed(_) => "failed",
    }
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = "<div class=\"scroll\"><table>\n<thead><tr>".to_string();
    text.extend(heads.iter().map(|head| format!("<th>{}</th>", escaped(head))));
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        text.extend(row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))));
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
    text
}

fn image(path: &Path, alternative: &str) -> Result<String, Failure> {
    let bytes = fs::read(path)
        .map_err(|error| anyhow::Error::new(error).context(format!("{}: cannot read the picture", path.display())))
        .or_exit(Exit::RunDirectory)?;
    let source = base64(&bytes);
    Ok(format!(
        "<img alt=\"{}\" src=\"data:image/png;base64,{source}\">",
        escaped(alternative)
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_taken_for_markup() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
    }
}
