//! `ebm new`: a crate to start from.

use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};
use std::path::PathBuf;

use super::print;
use crate::cli::{New, NewBound};
use crate::exit::{Exit, Failure, OrExit};
use crate::scaffold::{self, CrateName, Kind, Origin};

/// Does it.
///
/// # Errors
/// If the name or the folder cannot be used.
pub fn run(command: &New) -> Result<Exit, Failure> {
    let New::Bound(arguments) = command;
    bound(arguments)
}

fn bound(arguments: &NewBound) -> Result<Exit, Failure> {
    let taken: Vec<_> = taken::<dyn LowerBoundConfig>()
        .chain(taken::<dyn UpperBoundConfig>())
        .collect();
    let name = CrateName::new(&arguments.name, &taken).or_exit(Exit::Usage)?;
    let origin = Origin::new(arguments.local.as_deref()).or_exit(Exit::Usage)?;
    let kind = if arguments.lower { Kind::Lower } else { Kind::Upper };
    let folder = arguments.path.clone().unwrap_or_else(|| PathBuf::from(name.kebab()));
    let files = scaffold::bound(&name, kind, &origin).or_exit(Exit::Other)?;
    scaffold::write_folder(&folder, &files).or_exit(Exit::Other)?;
    print(&told(&name, kind, &folder.display().to_string()))
}

/// Names that a new bound cannot have, with who has them: those of bounds, and those of their crates.
fn taken<C: Registered + ?Sized>() -> impl Iterator<Item = (String, String)> {
    registry::all::<C>().into_iter().flat_map(|descriptor| {
        let owner = format!("{} {}", descriptor.crate_name, descriptor.crate_version);
        [descriptor.name, descriptor.crate_name].map(|name| (name.to_string(), owner.clone()))
    })
}

fn told(name: &CrateName, kind: Kind, folder: &str) -> String {
    let kind = match kind {
        Kind::Lower => "lower",
        Kind::Upper => "upper",
    };
    format!(
        "{folder}: the {kind} bound {}, with tests and an example; the mathematics is in src/lib.rs

  cd {folder}
  cargo test --release
  cargo run --release -- train example.toml
",
        name.kebab()
    )
}
