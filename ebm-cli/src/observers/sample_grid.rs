use ebm_core::image::{ImageShape, level_of};
use ebm_core::{data::Dataset, device::Real, geometry::Geometry, random::Random};
use ebm_train::{Evaluation, Flow, Objective, Observer, ObserverError, Trainer};
use std::path::PathBuf;

use crate::output::warn;
use crate::plots::{Gallery, GalleryPicture, PlotError};
use ebm_eval::evaluate::generated_samples;

/// Images in a row, and rows.
const SIDE: usize = 8;

/// Draws generated images beside real ones at every evaluation: the same latents and the same real images in every
/// picture of a run.
pub struct SampleGrid {
    title: String,
    folder: PathBuf,
    shape: ImageShape,
    real: Vec<u8>,
    random: Random,
}

impl SampleGrid {
    /// Pictures in `folder` of a run on `data`; `None` if the data are not images.
    pub fn of(title: &str, folder: PathBuf, data: &dyn Dataset, random: Random) -> Option<Self> {
        let (shape, random) = (data.image()?, random.stream("pictures"));
        let (title, real) = (title.into(), levels(&data.held_out(SIDE * SIDE, random)));
        Some(Self { title, folder, shape, real, random })
    }

    /// Draws images from the generator; returns whether there is a trained one.
    pub fn draw<G: Geometry>(&self, trainer: &Trainer<G>, name: &str) -> Result<bool, PlotError> {
        if trainer.config().objective != Objective::Bidirectional {
            return Ok(false);
        }
        let generated = levels(&generated_samples(trainer.generator(), SIDE * SIDE, self.random));
        let gallery = |name, levels| Gallery { name, levels };
        let picture = GalleryPicture {
            title: self.title.clone(),
            subtitle: format!("step {}; images of {} values", trainer.step(), self.shape),
            shape: self.shape,
            columns: SIDE,
            galleries: vec![gallery("Generator", generated), gallery("Data, held out", self.real.clone())],
        };
        picture.save(&self.folder.join(name)).map(|()| true)
    }
}

/// The grey levels nearest to values.
fn levels(values: &[Real]) -> Vec<u8> {
    values.iter().copied().map(level_of).collect()
}

impl<G: Geometry> Observer<G> for SampleGrid {
    fn on_evaluation(&mut self, trainer: &Trainer<G>, _: &Evaluation) -> Result<Flow, ObserverError> {
        let step = trainer.step();
        if let Err(error) = self.draw(trainer, &format!("samples-{step:09}.png")) {
            // Training is worth more than one picture.
            tracing::error!(%error, step, "no picture");
            warn(format_args!("step {step}: no picture, training goes on: {error}"));
        }
        Ok(Flow::Continue)
    }
}
