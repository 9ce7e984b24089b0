//! Pictures of all pairs together: one for each metric that they are compared by.

use super::{comparison::Comparison, tables::COMPARED};
use crate::exit::{Exit, Failure, OrExit};
use crate::plots::{Strip, Strips};
use crate::series::Metric;

impl Comparison<'_> {
    /// Draws a picture of each metric that some pair has. Returns the pictures' titles and files.
    pub(super) fn draw(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut drawn = Vec::new();
        for (key, mut name, [mut title, axis]) in COMPARED {
            if key == "nll" {
                name = self.likelihood();
                title = match name {
                    "cubo_nll" => "Upper bound of the NLL, generator's weights",
                    "weights_nll" => "Lower bound of the NLL, generator's weights",
                    _ => title,
                };
            }
            let strips: Vec<Strip> = (0..self.rows.len()).map(|pair| self.strip(pair, name)).collect();
            if strips.iter().all(|strip| strip.mean.is_none()) {
                continue;
            }
            let (entropy, modes) = (self.entropy, self.modes);
            let picture = Strips {
                title,
                axis,
                strips: &strips,
                level: entropy.filter(|_| key == "nll").map(|entropy| (entropy, "entropy of the data")),
                ends: match key {
                    "modes" => modes.map(|modes| (0.0, modes as f64)),
                    "good_share" => Some((0.0, 100.0)),
                    _ => None,
                },
            };
            let stem = if key == "nll" { name } else { key };
            let file = format!("{}.png", stem.replace('_', "-"));
            picture.save(&self.picture(&file)).or_exit(Exit::RunDirectory)?;
            drawn.push((title, file));
        }
        Ok(drawn)
    }

    fn strip(&self, pair: usize, name: &str) -> Strip {
        let row = &self.rows[pair];
        let factor = Metric::find(name).map_or(1.0, |metric| metric.scale().0);
        let values = self.done(pair).filter_map(|(_, outcome)| outcome.metrics.get(name));
        let mean = row.summary.spreads.get(name);
        Strip {
            name: row.pair.name(),
            values: values.map(|value| value * factor).collect(),
            mean: mean.map(|spread| (spread.mean * factor, spread.standard_deviation.map(|sd| sd * factor))),
            absent: match row.summary.count("done") {
                0 => format!("{} of {} runs diverged", row.summary.count("diverged"), row.summary.runs),
                _ => "none".into(),
            },
        }
    }
}
