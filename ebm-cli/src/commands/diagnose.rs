//! `ebm diagnose`: the Jacobian of a run's generator.

use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::Objective;
use std::path::Path;

use super::loaded_run::{LoadedRun, TrainedModel};
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::output::{print, print_json};
use crate::plots::save_spectrum;
use clap::Args;
use ebm_eval::diagnose::{DiagnoseError, Diagnosis, Quantiles, diagnose};
use std::path::PathBuf;

/// `ebm diagnose`.
#[derive(Args, Debug)]
#[command(after_help = "\
Explains why the bound sv is loose or fails: where the smallest singular value is far below the others, d ln s_1 gives
much away, and an iterative solver that stops early overestimates it.

Examples:
  ebm diagnose runs/mnist-mini-seed0
  ebm diagnose runs/mnist-mini-seed0 --checkpoint 2000 --out spectrum.png
  ebm diagnose runs/25-gaussians-seed0 --samples 1000 --json")]
pub struct Diagnose {
    /// The model.
    #[command(flatten)]
    pub model: TrainedModel,
    /// Number of latents, drawn with the run's seed
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub samples: u32,
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

/// Runs the command.
pub fn run(arguments: &Diagnose) -> Result<Exit, Failure> {
    // Checked before the work, not after it.
    if let Some(out) = &arguments.out {
        drawable(out)?;
    }
    let run = arguments.model.open()?.with_data(arguments.data.as_deref())?;
    if run.config.train.objective == Objective::MaximumLikelihood {
        let message = "this run trained an energy only, no generator (train.objective = \"maximum-likelihood\"); there is no \
                       Jacobian to diagnose";
        return Err(Failure::message(Exit::Usage, message));
    }
    let (latent, width) = run.widths(run.description()?.width);
    let run = &run;
    with_geometry(latent, width, Look { run, arguments })
}

fn drawable(out: &Path) -> Result<(), Failure> {
    let png = |extension: &std::ffi::OsStr| extension.eq_ignore_ascii_case("png");
    match out.extension().is_some_and(png) {
        true => Ok(()),
        false => Err(Failure::message(
            Exit::Usage,
            format!("--out {}: the spectrum is drawn as a picture; give a file that ends with .png", out.display()),
        )),
    }
}

struct Look<'a> {
    run: &'a LoadedRun,
    arguments: &'a Diagnose,
}

impl Work for Look<'_> {
    type Output = Result<Exit, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        let Self { run, arguments } = self;
        let players = run.players(geometry)?;
        let random = Random::new(run.config.seed).stream("diagnose");
        let count = usize::try_from(arguments.samples).or_exit(Exit::Usage)?;
        let found = diagnose(&*players.generator, count, random).map_err(|error| {
            let exit = match error {
                DiagnoseError::NotFinite { .. } => Exit::Other,
                _ => Exit::Usage,
            };
            Failure::new(exit, error)
        })?;
        if let Some(out) = &arguments.out {
            draw(&found, run.steps, out)?;
        }
        match arguments.json {
            true => print_json(&found),
            false => print(&found.to_string()),
        }
    }
}

fn draw(found: &Diagnosis, steps: u64, out: &Path) -> Result<(), Failure> {
    let quantiles = |one: &Quantiles| [one.tenth, one.median, one.ninetieth];
    let quantiles: Vec<[f64; 3]> = found.spectrum.iter().map(quantiles).collect();
    let title =
        format!("Singular values of the generator's Jacobian after {steps} steps, at {} latents", found.latents);
    let rounding = found.rounding.exact * found.largest.median;
    save_spectrum(out, &title, &quantiles, rounding).or_exit(Exit::Other)
}
