//! `ebm distance`: the distance between two sets of features.

use anyhow::anyhow;
use clap::Args;
use ebm_eval::evaluate::Report;
use ebm_eval::features::{Archive, described};
use ebm_eval::metric::{frechet_value, neighbour_values};
use std::path::PathBuf;

use super::arguments::count;
use crate::exit::{Exit, Failure, OrExit};
use crate::output::print_either;

#[derive(Args, Debug)]
#[command(after_help = "\
An .npz file holds an array `features` [n, F], or `mu` [F] and `sigma` [F, F] as pytorch-fid writes them; an .npy file is
the array of features. With the features of its port of the Inception network, the distance is the FID.

Example:
  ebm distance cifar10-train.npz samples.npz")]
pub struct Distance {
    /// Features of real samples (.npz or .npy)
    pub real: PathBuf,
    /// Features of generated samples (.npz or .npy), by the same extractor
    pub generated: PathBuf,
    /// Neighbours k for precision, recall, density and coverage
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = count(1..))]
    pub neighbours: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Distance) -> Result<Exit, Failure> {
    let real = Archive::read(&arguments.real).or_exit(Exit::Data)?;
    let generated = Archive::read(&arguments.generated).or_exit(Exit::Data)?;
    let both = || format!("{} and {}", real.path.display(), generated.path.display());
    let named = |error| Failure::new(Exit::Data, anyhow!("{}: {error}", both()));
    let described = |archive: &Archive| described(&archive.path, &archive.hash);
    let of = format!("in {} and {}", described(&generated), described(&real));

    let mut report = Report::default();
    let moments = (real.moments().map_err(named)?, generated.moments().map_err(named)?);
    let (real_side, generated_side) = ((&moments.0, "real samples"), (&moments.1, "generated samples"));
    let value = frechet_value(("frechet", "Frechet distance"), real_side, generated_side, &of);
    report.values.push(value.map_err(named)?);
    match (real.features().map_err(named)?, generated.features().map_err(named)?) {
        (Some(real), Some(generated)) => {
            let neighbours = (arguments.neighbours, usize::MAX);
            report.values.extend(neighbour_values(real, generated, neighbours, &of).map_err(named)?);
        }
        _ => report.lack("precision", "both files must hold `features`; mean and covariance say nothing of neighbours"),
    }
    print_either(&report, arguments.json)
}
