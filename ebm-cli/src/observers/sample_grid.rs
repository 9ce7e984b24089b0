//! Pictures of generated images beside real ones.

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::image::{ImageShape, level_of};
use ebm_core::models::Generator;
use ebm_core::random::Random;
use ebm_train::{Evaluation, Flow, Objective, Observer, ObserverError, Trainer};
use std::path::{Path, PathBuf};

use crate::plots::{Gallery, GalleryPicture, PlotError};
use ebm_eval::evaluate::generated_samples;

/// Images in a row, and rows.
const SIDE: usize = 8;

/// Pictures of generated images beside real ones: the same latents and the same real images in every picture of a run.
pub struct SampleGrid {
    title: String,
    shape: ImageShape,
    real: Vec<u8>,
    random: Random,
}

impl SampleGrid {
    /// Pictures of a run on `data`; `None` if that is no images.
    pub fn of(title: &str, data: &dyn Dataset, random: Random) -> Option<Self> {
        let (shape, random) = (data.image()?, random.stream("pictures"));
        Some(Self {
            title: title.into(),
            shape,
            real: levels(&data.held_out(SIDE * SIDE, random)),
            random,
        })
    }

    /// Draws what a generator makes after `step` steps.
    ///
    /// # Errors
    /// If the picture cannot be written.
    pub fn draw<G: Geometry>(&self, generator: &dyn Generator<G>, step: u64, path: &Path) -> Result<(), PlotError> {
        let generated = levels(&generated_samples(generator, SIDE * SIDE, self.random));
        GalleryPicture {
            title: &self.title,
            subtitle: &format!("step {step}; images of {} values", self.shape),
            shape: self.shape,
            columns: SIDE,
            galleries: &[
                Gallery {
                    name: "Generator",
                    levels: &generated,
                },
                Gallery {
                    name: "Data, held out",
                    levels: &self.real,
                },
            ],
        }
        .save(path)
    }
}

/// The grey levels nearest to values.
fn levels(values: &[Real]) -> Vec<u8> {
    values.iter().copied().map(level_of).collect()
}

/// Draws such a picture at every evaluation, into a folder.
pub struct SampleGrids {
    grid: SampleGrid,
    folder: PathBuf,
}

impl SampleGrids {
    /// Pictures in `folder`, named after their step.
    pub fn new(grid: SampleGrid, folder: PathBuf) -> Self {
        Self { grid, folder }
    }
}

impl<G: Geometry> Observer<G> for SampleGrids {
    fn on_evaluation(&mut self, trainer: &Trainer<G>, _: &Evaluation) -> Result<Flow, ObserverError> {
        if trainer.config().objective == Objective::Bidirectional {
            let step = trainer.step();
            let path = self.folder.join(format!("samples-{step:09}.png"));
            if let Err(error) = self.grid.draw(trainer.generator(), step, &path) {
                // Training is worth more than one picture.
                tracing::error!(%error, step, "no picture");
                eprintln!("warning: step {step}: no picture, training goes on: {error}");
            }
        }
        Ok(Flow::Continue)
    }
}
