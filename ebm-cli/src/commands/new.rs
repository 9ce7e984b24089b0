//! `ebm new`: writes a crate to start from.

use clap::{ArgGroup, Args, Subcommand};
use ebm_core::registry::{
    self, DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, Registered, UpperBoundConfig,
};
use std::path::PathBuf;

use crate::exit::{Exit, Failure, OrExit};
use crate::output::print;
use crate::scaffold::{CrateName, Kind, Origin, new_crate, write_files};

#[derive(Debug, Subcommand)]
pub enum New {
    /// Write the crate of a new bound: mathematics, options, registration, tests, a program, an example
    #[command(after_help = "\
The crate builds, passes its tests and trains as it is: the lower bound is the entropy of the
generator's noise (certified), the upper one a penalty on the size of the energy (heuristic).

Examples:
  ebm new bound my-bound --lower
  ebm new bound my-bound --upper --local ~/ebm --path work/my-bound")]
    Bound(NewBound),
    /// Write the crate of a new energy, which starts as a quadratic
    #[command(after_help = "Example:\n  ebm new energy my-energy --local ~/ebm")]
    Energy(NewCrate),
    /// Write the crate of a new generator, which starts as an affine map with noise
    #[command(after_help = "Example:\n  ebm new generator my-generator --local ~/ebm")]
    Generator(NewCrate),
    /// Write the crate of a new data set, which starts as points around a circle
    #[command(after_help = "Example:\n  ebm new dataset my-data --local ~/ebm")]
    Dataset(NewCrate),
    /// Write the crate of a new metric, which starts as the spread of samples beside that of the data
    #[command(after_help = "Example:\n  ebm new metric my-metric --local ~/ebm")]
    Metric(NewCrate),
}

/// The crate of any component.
#[derive(Args, Debug)]
pub struct NewCrate {
    /// Name of the component and of its crate, in kebab case
    pub name: String,
    /// Folder to write, new or empty [default: ./NAME]
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// Take the crates of ebm from this checkout, and versions from its Cargo.lock [default: from the registry]
    #[arg(long, value_name = "CHECKOUT")]
    pub local: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("side").required(true).args(["lower", "upper"]))]
pub struct NewBound {
    /// The crate.
    #[command(flatten)]
    pub new: NewCrate,
    /// A lower bound: of the generator's entropy
    #[arg(long)]
    pub lower: bool,
    /// An upper bound: of the divergence or the cross-entropy
    #[arg(long)]
    pub upper: bool,
}

pub fn run(command: &New) -> Result<Exit, Failure> {
    match command {
        New::Bound(bound) => {
            let taken = [taken::<dyn LowerBoundConfig>(), taken::<dyn UpperBoundConfig>()].concat();
            let kind = if bound.lower { Kind::LOWER_BOUND } else { Kind::UPPER_BOUND };
            write(&bound.new, kind, &taken)
        }
        New::Energy(new) => write(new, Kind::ENERGY, &taken::<dyn EnergyConfig>()),
        New::Generator(new) => write(new, Kind::GENERATOR, &taken::<dyn GeneratorConfig>()),
        New::Dataset(new) => write(new, Kind::DATASET, &taken::<dyn DatasetConfig>()),
        New::Metric(new) => {
            let names = ebm_eval::metric::all().map(|value| value.name.replace('_', "-"));
            write(new, Kind::METRIC, &names.map(|name| (name, "a metric".into())).collect::<Vec<_>>())
        }
    }
}

/// Names that a new component cannot have, with their owners: those of components of its kind, and of their crates.
fn taken<C: Registered + ?Sized>() -> Vec<(String, String)> {
    let names = registry::all::<C>().into_iter().flat_map(|descriptor| {
        let owner = format!("{} {}", descriptor.crate_name, descriptor.crate_version);
        [descriptor.name, descriptor.crate_name].map(|name| (name.to_string(), owner.clone()))
    });
    names.collect()
}

fn write(new: &NewCrate, kind: Kind, taken: &[(String, String)]) -> Result<Exit, Failure> {
    let name = CrateName::new(&new.name, taken).or_exit(Exit::Usage)?;
    let origin = Origin::new(new.local.as_deref()).or_exit(Exit::Usage)?;
    let folder = new.path.clone().unwrap_or_else(|| PathBuf::from(name.kebab()));
    let files = new_crate(&name, &kind, &origin).or_exit(Exit::Other)?;
    write_files(&folder, &files).or_exit(Exit::Other)?;
    print(&format!(
        "{folder}: the {kind} {name}, with tests and an example; the mathematics is in src/lib.rs

  cd {folder}
  cargo test --release
  cargo run --release --features program -- train example.toml
",
        folder = folder.display(),
        kind = kind.words,
        name = name.kebab(),
    ))
}
