//! `ebm evaluate`: evaluates a trained model.

use clap::Args;
use ebm_core::{data::Dataset, random::Random, registry::SupportedGeometry};
use ebm_eval::evaluate::extracted;
use ebm_eval::features::{Archive, Extractor};
use ebm_train::{Objective, Trainer};
use std::{path::PathBuf, sync::Arc};

use super::arguments::count;
use super::loaded_run::{DataOptions, LoadedRun, TrainedModel};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::{memory::Needs, observers::evaluated, output::print_either};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ebm evaluate runs/25-gaussians-seed0
  ebm evaluate runs/25-gaussians-seed0 --json --samples 100000")]
pub struct Evaluate {
    #[command(flatten)]
    pub model: TrainedModel,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: DataOptions,
    /// Generated samples and held-out samples [default: as in the run's configuration]
    #[arg(long, value_name = "N", value_parser = count(2..=100_000_000))]
    pub samples: Option<usize>,
    /// Also compare generated and held-out images by the features of this network (ONNX)
    ///
    /// Its input is [n, channels, height, width] with values from 0 to 1, its first output the features [n, F].
    #[arg(long, value_name = "FILE")]
    pub extractor: Option<PathBuf>,
    /// Features of real images by the extractor (.npz or .npy), instead of held-out images
    ///
    /// An array `features` [n, F], or `mu` [F] and `sigma` [F, F] as pytorch-fid writes them; of .npy the array itself.
    #[arg(long, value_name = "FILE", requires = "extractor")]
    pub reference: Option<PathBuf>,
}

pub fn run(arguments: &Evaluate) -> Result<Exit, Failure> {
    let run = arguments.model.open()?.with_data(arguments.data.data.as_deref())?;
    let data = run.data_or_changed(&arguments.data)?;
    with_geometry!(widths(&run.config, data.0.width()), |geometry| measure(&run, data, arguments, geometry))
}

fn measure<G: SupportedGeometry>(
    run: &LoadedRun,
    (data, changed): (Arc<dyn Dataset>, Option<String>),
    arguments: &Evaluate,
    geometry: G,
) -> Result<Exit, Failure> {
    let random = Random::new(run.config.seed);
    let mut config = run.config.evaluate.clone();
    if let Some(samples) = arguments.samples {
        (config.generated, config.held_out) = (samples, samples);
    }
    let given = arguments.samples.map(|samples| format!("--samples {samples}"));
    run.fits(&Needs::of_evaluation(&run.config, &config, &*data, given))?;
    // Files are checked before the work, not after it.
    let extractor = extractor(arguments, &*data)?;
    let reference = arguments.reference.as_deref().map(Archive::read);
    let reference = reference.transpose().or_exit(Exit::Data)?;
    let players = run.players(geometry)?;
    // Weights of bounds may depend on the step, so they are those of the run's last one.
    let mut trainer = Trainer::new(run.config.train.clone(), players, data.clone(), random)
        .or_exit(Exit::RunDirectory)?
        .at_step(run.steps);
    let mut report = evaluated(&mut trainer, &*data, &config, random).or_exit(Exit::Other)?;
    report.warnings.extend(changed);
    if let Some(extractor) = &extractor {
        match run.config.train.objective {
            Objective::Bidirectional => {
                let from = (extractor, reference.as_ref());
                let values = extracted(trainer.generator(), &*data, from, &config, random);
                report.values.extend(values.or_exit(Exit::Data)?);
            }
            _ => report.lack("frechet", "the model has no generator"),
        }
    }
    print_either(&report, arguments.json)
}

/// The feature network that was asked for, ready for the images of the data.
fn extractor(arguments: &Evaluate, data: &dyn Dataset) -> Result<Option<Extractor>, Failure> {
    let Some(path) = &arguments.extractor else { return Ok(None) };
    let Some(shape) = data.image() else {
        fail!(Exit::Usage, "--extractor {}: the data of this run are no images", path.display());
    };
    Extractor::open(path, shape).map(Some).or_exit(Exit::Data)
}
