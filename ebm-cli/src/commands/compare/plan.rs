//! The grid of a comparison, resolved.

use std::path::{Path, PathBuf};

use super::command;
use super::timed::Timed;
use crate::cli::Compare;
use crate::commands::loaded_run::load_data;
use crate::commands::train::{base_of, title_of};
use crate::compare::{Cell, Comparison, Pair, Row};
use crate::config::{Grid, Resolved};
use crate::exit::{Exit, Failure, OrExit};
use crate::series::{Record, Said, SeriesDirectory, Standing};

/// The grid, resolved.
pub(super) struct Plan {
    /// Directory of the comparison.
    pub out: PathBuf,
    /// Folder that relative paths of the configuration are relative to.
    pub base: PathBuf,
    title: String,
    config: PathBuf,
    seeds: Vec<u64>,
    /// The pairs of bounds.
    pub pairs: Vec<Pair>,
    /// Every run with its configuration, pair by pair.
    pub cells: Vec<(Cell, Resolved)>,
}

impl Plan {
    /// Resolves every configuration of the grid.
    ///
    /// # Errors
    /// The first fault found.
    pub(super) fn of(arguments: &Compare, grid: &Grid) -> Result<Self, Failure> {
        let file = &arguments.source.config;
        let title = title_of(file);
        let named = grid.names(&arguments.lower, &arguments.upper);
        let (lower, upper) = named.map_err(|message| Failure::message(Exit::Usage, message))?;
        let start = arguments.seed_start.unwrap_or(grid.base().config.seed);
        let seeds: Option<Vec<u64>> = (0..arguments.seeds).map(|k| start.checked_add(k)).collect();
        let seeds = seeds.ok_or_else(|| {
            let text = format!(
                "--seed-start {start}: {} seeds from there are more than there are",
                arguments.seeds
            );
            Failure::message(Exit::Usage, text)
        })?;
        let pair = |lower: &String| {
            let pair = |upper: &String| Pair {
                lower: lower.clone(),
                upper: upper.clone(),
            };
            upper.iter().map(pair).collect::<Vec<_>>()
        };
        let pairs: Vec<Pair> = lower.iter().flat_map(pair).collect();
        let mut cells = Vec::new();
        for (index, pair) in pairs.iter().enumerate() {
            for &seed in &seeds {
                let resolved = grid.resolve(&pair.lower, &pair.upper, seed);
                let cell = Cell {
                    pair: index,
                    seed,
                    name: format!("{}-seed{seed}", pair.name()),
                };
                cells.push((
                    cell,
                    resolved
                        .or_exit(Exit::Config)
                        .map_err(|failure| failure.within(&pair.name()))?,
                ));
            }
        }
        Ok(Self {
            out: arguments
                .out
                .clone()
                .unwrap_or_else(|| Path::new("runs").join(format!("compare-{title}"))),
            base: base_of(file, arguments.data.as_deref())?,
            title,
            config: file.clone(),
            seeds,
            pairs,
            cells,
        })
    }

    /// The directory of a run.
    pub(super) fn place(&self, cell: &Cell) -> PathBuf {
        SeriesDirectory::run_of(&self.out, &cell.name)
    }

    /// What of each run is there already.
    ///
    /// # Errors
    /// If something else is there, or, without `overwrite`, a finished run of another configuration.
    pub(super) fn standings(&self, overwrite: bool) -> Result<Vec<Standing>, Failure> {
        let mut standings = Vec::new();
        for (cell, resolved) in &self.cells {
            let place = self.place(cell);
            let standing = Standing::of(&place, &resolved.config, &self.base)?;
            if let (Standing::Different(differing), false) = (&standing, overwrite) {
                let text = format!(
                    "{}: a finished run is there, with {differing}; give --overwrite to replace it, or --out DIR to put this \
                     comparison elsewhere",
                    place.display()
                );
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            standings.push(standing);
        }
        Ok(standings)
    }

    /// The first seed's configuration of each pair.
    pub(super) fn firsts(&self) -> impl Iterator<Item = &Resolved> {
        self.cells
            .iter()
            .step_by(self.seeds.len())
            .map(|(_, resolved)| resolved)
    }

    /// How a run ended that was trained just now; `said` is what its process said.
    pub(super) fn record(&self, index: usize, said: &Said) -> Record {
        let (cell, resolved) = &self.cells[index];
        Record::after(&self.place(cell), &resolved.config, &self.base, said)
    }

    /// What it all came to.
    ///
    /// # Errors
    /// If the data cannot be read any longer.
    pub(super) fn comparison(
        &self,
        grid: &Grid,
        records: Vec<Option<Record>>,
        timed: Timed,
    ) -> Result<Comparison, Failure> {
        let data = load_data(&grid.base().config, &self.base)?;
        let runs: Vec<(Cell, Record)> = self
            .cells
            .iter()
            .zip(records)
            .map(|((cell, _), record)| {
                let missing = || Record::failed(&self.place(cell), "it was not trained");
                (cell.clone(), record.unwrap_or_else(missing))
            })
            .collect();
        let parts = self.pairs.iter().zip(&timed.paces).zip(timed.unlike);
        let rows = parts.enumerate().map(|(index, ((pair, pace), unlike))| {
            let own = runs.iter().filter(|(cell, _)| cell.pair == index);
            let own: Vec<_> = own.map(|(_, record)| record).collect();
            Row::of(pair.clone(), &own, pace, &timed.baseline, unlike)
        });
        Ok(Comparison {
            title: self.title.clone(),
            config: self.config.clone(),
            command: command(),
            seeds: self.seeds.clone(),
            rows: rows.collect(),
            baseline: timed.baseline.clone(),
            modes: data.modes().map(|modes| modes.centres.len()),
            entropy: data.entropy(),
            runs,
        })
    }
}
