//! The report of a comparison: one page with everything inside it.

use base64ct::{Base64, Encoding};
use std::path::Path;

use super::comparison::Comparison;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::regular;
use crate::series::{Metric, Outcome, PlannedRun, State, Table, escaped, fill, number};
use ebm_eval::evaluate::Sandwich;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The pictures of a run that stand for its pair, with captions.
const PICTURES: [(&str, &str); 6] = [
    ("sandwich.png", "The exact likelihood between its bounds, at each evaluation."),
    ("curves.png", "The course of the bounds."),
    ("density.png", "Energy, density, data and samples."),
    ("marginals.png", "Columns of data and samples."),
    ("pairs.png", "Pairs of columns of data and samples."),
    ("energies.png", "Energies of data, samples and noise."),
];

impl Comparison<'_> {
    /// The page. `pictures`: titles and files of the pictures of all pairs.
    pub(super) fn page(&self, pictures: &[(&str, String)]) -> Result<String, Failure> {
        let mut figures = String::new();
        for (title, file) in pictures {
            figures += &format!("<figure>{}</figure>\n", image(&self.picture(file), title)?);
        }
        let pairs = (0..self.rows.len()).map(|pair| self.pair_section(pair));
        let pairs: String = pairs.collect::<Result<_, _>>()?;
        let note = |note: &String| format!("<li>{}</li>\n", escaped(note));
        Ok(fill(PAGE, |name| match name {
            "title" => escaped(&format!("{}: bounds compared", self.title)),
            "style" => STYLE.into(),
            "table" => self.table().html(),
            "notes" => self.notes().iter().map(note).collect(),
            "casualties" => self.casualties_list(),
            "pictures" => figures.clone(),
            "pairs" => pairs.clone(),
            "runs" => self.runs_table().html(),
            _ => escaped(&self.command),
        }))
    }

    fn casualties_list(&self) -> String {
        let casualties = self.casualties();
        let item = |(run, why): &(&str, String)| format!("<li><b>{}</b> {}</li>\n", escaped(run), escaped(why));
        let items: String = casualties.iter().map(item).collect();
        match casualties[..] {
            [] => "<p>No run diverged.</p>\n".into(),
            _ => format!("<h2>Runs without a result</h2>\n<ul>\n{items}</ul>\n"),
        }
    }

    fn pair_section(&self, pair: usize) -> Result<String, Failure> {
        let name = self.rows[pair].pair.name();
        let mut section = format!("<h2>{}</h2>\n", escaped(&name));
        let Some((run, outcome)) = self.typical(pair) else {
            return Ok(section + "<p>No run has pictures.</p>\n");
        };
        let which = match outcome.state {
            State::Done => match self.likelihood() {
                "nll" => "the median run by exact NLL of those that did not diverge".to_string(),
                name => format!("the median run by {name} of those that did not diverge"),
            },
            _ => "a run that diverged".to_string(),
        };
        section += &format!("<p class=\"notes\">Seed {}, {which}.</p>\n", run.seed);
        for (file, caption) in PICTURES {
            // The course of the bounds is what remains where there is no verdict.
            let wanted = file != "curves.png" || outcome.sandwiches.is_empty();
            if let Some(path) = outcome.picture(file).filter(|_| wanted) {
                let image = image(&path, &format!("{name}: {caption}"))?;
                let caption = format!("<figcaption>{caption}</figcaption>");
                section += &format!("<figure><div class=\"scroll\">{image}</div>{caption}</figure>\n");
            }
        }
        Ok(section)
    }

    fn runs_table(&self) -> Table {
        let there = |name: &str| self.outcomes.iter().any(|outcome| outcome.metrics.contains_key(name));
        let metrics: Vec<Metric> = Metric::shown().filter(|metric| there(metric.name())).collect();
        let columns: Vec<String> = metrics.iter().map(|metric| metric.head()).collect();
        let mut heads = vec!["run", "seed", "ended"];
        heads.extend(columns.iter().map(String::as_str));
        heads.extend(["sandwich held", "steps", "seconds"]);
        let or_absent = |cell: Option<String>| cell.unwrap_or("-".into());
        let row = |(run, outcome): (&PlannedRun, &Outcome)| {
            let ended = if outcome.state == State::Done { "well" } else { outcome.state.word() };
            let mut cells = vec![run.id.clone(), run.seed.to_string(), ended.into()];
            let value = |metric: &Metric| {
                let value = outcome.metrics.get(metric.name())?;
                Some(metric.number(*value, metric.decimals()) + metric.scale().1)
            };
            cells.extend(metrics.iter().map(|metric| or_absent(value(metric))));
            let verdicts: Vec<bool> = outcome.sandwiches.values().filter_map(Sandwich::held).collect();
            cells.push(format!("{} of {}", verdicts.iter().filter(|held| **held).count(), verdicts.len()));
            cells.push(or_absent(outcome.steps.map(|steps| steps.to_string())));
            cells.push(or_absent(outcome.seconds.map(|seconds| number(seconds, 1))));
            cells
        };
        Table::new(&heads, self.runs().map(row))
    }
}

fn image(path: &Path, alternative: &str) -> Result<String, Failure> {
    let failed = |error| anyhow::Error::new(error).context(format!("{}: cannot read the picture", path.display()));
    let bytes = regular::read(path).map_err(failed).or_exit(Exit::RunDirectory)?;
    let mut buffer = vec![0; Base64::encoded_len(&bytes)];
    let encoded = Base64::encode(&bytes, &mut buffer).map_err(anyhow::Error::msg);
    let (encoded, alternative) = (encoded.or_exit(Exit::Other)?, escaped(alternative));
    Ok(format!("<img alt=\"{alternative}\" src=\"data:image/png;base64,{encoded}\">"))
}
