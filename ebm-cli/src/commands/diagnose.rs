//! `ebm diagnose`: the Jacobian of a run's generator.

use clap::Args;
use ebm_core::{random::Random, registry::SupportedGeometry};
use ebm_eval::diagnose::{DiagnoseError, Diagnosis, Quantiles, diagnose};
use ebm_train::Objective;
use std::path::{Path, PathBuf};

use super::arguments::count;
use super::loaded_run::{LoadedRun, TrainedModel};
use crate::dispatch::{widths, with_geometry};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::memory::Needs;
use crate::output::{print_either, write_named};
use crate::plots::save_spectrum;

#[derive(Args, Debug)]
#[command(after_help = "\
Explains why the bound sv is loose or fails: where the smallest singular value is far below the others, d ln s_1 gives
much away, and an iterative solver that stops early overestimates it.

Examples:
  ebm diagnose runs/mnist-mini-seed0
  ebm diagnose runs/mnist-mini-seed0 --checkpoint 2000 --out spectrum.png
  ebm diagnose runs/25-gaussians-seed0 --samples 1000 --json")]
pub struct Diagnose {
    #[command(flatten)]
    pub model: TrainedModel,
    /// Number of latents, drawn with the run's seed
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = count(2..=1_000_000))]
    pub samples: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Draw the spectrum to this file (.png), replacing it
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Folder that relative data paths start from [default: the one used in training]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

pub fn run(arguments: &Diagnose) -> Result<Exit, Failure> {
    let is_png = |out: &Path| out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
    // Checked before the work, not after it.
    if let Some(out) = arguments.out.as_deref().filter(|out| !is_png(out)) {
        fail!(
            Exit::Usage,
            "--out {}: the spectrum is drawn as a picture; give a file that ends with .png",
            out.display()
        );
    }
    let run = arguments.model.open()?.with_data(arguments.data.as_deref())?;
    if run.config.train.objective == Objective::MaximumLikelihood {
        fail!(
            Exit::Usage,
            "this run trained an energy only, no generator (train.objective = \"maximum-likelihood\"); there is no Jacobian to \
             diagnose"
        );
    }
    let width = run.description()?.width;
    run.fits(&Needs::of_spectra(&run.config, width, arguments.samples))?;
    with_geometry!(widths(&run.config, width), |geometry| look(&run, arguments, geometry))
}

fn look<G: SupportedGeometry>(run: &LoadedRun, arguments: &Diagnose, geometry: G) -> Result<Exit, Failure> {
    let players = run.players(geometry)?;
    let random = Random::new(run.config.seed).stream("diagnose");
    let found = diagnose(&*players.generator, arguments.samples, random).map_err(|error| {
        let not_finite = matches!(error, DiagnoseError::NotFinite { .. });
        Failure::new(if not_finite { Exit::Other } else { Exit::Usage }, error)
    })?;
    if let Some(out) = &arguments.out {
        draw(&found, run.steps, out)?;
    }
    print_either(&found, arguments.json)
}

fn draw(found: &Diagnosis, steps: u64, out: &Path) -> Result<(), Failure> {
    let quantiles = |one: &Quantiles| [one.tenth, one.median, one.ninetieth];
    let quantiles: Vec<[f64; 3]> = found.spectrum.iter().map(quantiles).collect();
    let title =
        format!("Singular values of the generator's Jacobian after {steps} steps, at {} latents", found.latents);
    let rounding = found.rounding.exact * found.largest.median;
    write_named(out, |out| Ok(save_spectrum(out, &title, &quantiles, rounding)?)).or_exit(Exit::Other)
}
