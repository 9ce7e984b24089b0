//! `ebm config`: show, check, start and explain configurations.

use super::{print, reference};
use crate::cli::{Config, Source};
use crate::config::{self, Resolved};
use crate::exit::{Exit, Failure, OrExit};

/// Does it.
///
/// # Errors
/// If the configuration cannot be used, or there are no options where they are asked for.
pub fn run(command: &Config) -> Result<Exit, Failure> {
    match command {
        Config::Default => print(&config::example().or_exit(Exit::Other)?),
        Config::Reference { place } => print(&reference::reference(place.as_deref())?),
        Config::Show(source) => print(&config::show(&read(source)?).or_exit(Exit::Other)?),
        Config::Check(source) => {
            read(source)?;
            print(&format!("{}: a good configuration\n", source.config.display()))
        }
    }
}

/// Reads a configuration and what is set above it.
///
/// # Errors
/// If it cannot be used.
pub fn read(source: &Source) -> Result<Resolved, Failure> {
    config::load(&source.config, &source.set).or_exit(Exit::Config)
}
