//! Pictures of all pairs together: one a figure.

use super::directory::picture;
use super::outcome::{Comparison, Row};
use crate::exit::{Exit, Failure, OrExit};
use crate::plots::{Strip, Strips};
use crate::series::{End, SeriesDirectory, Spread};

/// A figure that the pairs are compared by.
struct Compared {
    /// The picture's file.
    file: &'static str,
    title: &'static str,
    axis: &'static str,
    /// The figure's key in a run's evaluation.
    key: &'static str,
    spread: fn(&Row) -> Option<Spread>,
    /// What values are multiplied by.
    factor: f64,
}

const COMPARED: [Compared; 4] = [
    Compared {
        file: "nll.png",
        title: "Exact negative log-likelihood",
        axis: "nats per sample; lower is better",
        key: "nll",
        spread: |row| row.nll,
        factor: 1.0,
    },
    Compared {
        file: "gap.png",
        title: "Gap: upper minus lower bound",
        axis: "nats",
        key: "gap",
        spread: |row| row.gap,
        factor: 1.0,
    },
    Compared {
        file: "modes.png",
        title: "Modes covered",
        axis: "modes",
        key: "modes_covered",
        spread: |row| row.modes,
        factor: 1.0,
    },
    Compared {
        file: "good-share.png",
        title: "Good samples",
        axis: "percent of the generator's samples",
        key: "good_share",
        spread: |row| row.good_share,
        factor: 100.0,
    },
];

impl Comparison {
    /// Draws what there is to compare; the pictures' titles and files.
    ///
    /// # Errors
    /// If a picture cannot be written.
    pub(super) fn draw(&self, directory: &SeriesDirectory) -> Result<Vec<(&'static str, &'static str)>, Failure> {
        let mut drawn = Vec::new();
        for compared in &COMPARED {
            let strips: Vec<_> = (0..self.rows.len()).map(|pair| self.strip(pair, compared)).collect();
            if strips.iter().all(|strip| strip.mean.is_none()) {
                continue;
            }
            let level = match compared.key {
                "nll" => self.entropy.map(|entropy| (entropy, "entropy of the data")),
                _ => None,
            };
            let ends = match compared.key {
                "modes_covered" => self.modes.map(|modes| (0.0, modes as f64)),
                "good_share" => Some((0.0, 100.0)),
                _ => None,
            };
            let strips = Strips {
                title: compared.title,
                axis: compared.axis,
                strips: &strips,
                level,
                ends,
            };
            strips
                .save(&picture(directory, compared.file))
                .or_exit(Exit::RunDirectory)?;
            drawn.push((compared.title, compared.file));
        }
        Ok(drawn)
    }

    fn strip(&self, pair: usize, compared: &Compared) -> Strip {
        let row = &self.rows[pair];
        let sound = self.of_pair(pair).filter(|(_, record)| record.end == End::Sound);
        let values = sound.filter_map(|(_, record)| record.figures.get(compared.key));
        Strip {
            name: row.pair.name(),
            values: values.map(|value| value * compared.factor).collect(),
            mean: (compared.spread)(row).map(|spread| {
                let deviation = spread.standard_deviation.map(|deviation| deviation * compared.factor);
                (spread.mean * compared.factor, deviation)
            }),
            absent: match row.runs - row.diverged - row.failed {
                0 => format!("{} of {} runs diverged", row.diverged, row.runs),
                _ => "none".into(),
            },
        }
    }
}
