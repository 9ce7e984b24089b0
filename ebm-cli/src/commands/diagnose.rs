//! `ebm diagnose`: the Jacobian of a run's generator.

use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::Objective;
use std::path::Path;

use super::loaded_run::LoadedRun;
use super::print;
use crate::cli::Diagnose;
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::plots::{SpectrumBand, SpectrumPicture};
use ebm_eval::diagnose::{DiagnoseError, Diagnosis, Quantiles, diagnose};

/// Does it.
///
/// # Errors
/// If the run cannot be read, its generator has no spectrum, or the picture cannot be written.
pub fn run(arguments: &Diagnose) -> Result<Exit, Failure> {
    // Before the work, not after it.
    if let Some(out) = &arguments.out {
        drawable(out)?;
    }
    let run = LoadedRun::open(&arguments.run, arguments.checkpoint)?.with_data(arguments.data.as_deref())?;
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
            format!(
                "--out {}: the spectrum is drawn as a picture; give a file that ends with .png",
                out.display()
            ),
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
            true => print(&format!(
                "{}\n",
                serde_json::to_string_pretty(&found).or_exit(Exit::Other)?
            )),
            false => print(&found.to_string()),
        }
    }
}

fn draw(found: &Diagnosis, steps: u64, out: &Path) -> Result<(), Failure> {
    let band = |quantiles: &Quantiles| SpectrumBand {
        low: quantiles.tenth,
        median: quantiles.median,
        high: quantiles.ninetieth,
    };
    let bands: Vec<SpectrumBand> = found.spectrum.iter().map(band).collect();
    let title = format!(
        "Singular values of the generator's Jacobian after {steps} steps, at {} latents",
        found.latents
    );
    let picture = SpectrumPicture {
        title: &title,
        bands: &bands,
        rounding: found.rounding.exact * found.largest.median,
    };
    picture.save(out).or_exit(Exit::Other)
}
