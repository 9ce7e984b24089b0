//! `ebm config`: show, check, start and explain configurations.

use clap::Subcommand;

use super::{arguments::Source, reference::reference};
use crate::exit::{Exit, Failure, OrExit};
use crate::{config, output::print};

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the resolved configuration, with the source of each value
    #[command(after_help = "Example:\n  EBM_SEED=3 ebm config show run.toml --set upper=none")]
    Show(Source),
    /// Print a commented configuration with every option at its default
    #[command(after_help = "Example:\n  ebm config default > run.toml")]
    Default,
    /// Check a configuration without running it
    #[command(after_help = "Example:\n  ebm config check run.toml --set train.batch=64")]
    Check(Source),
    /// Print all options with their types, defaults and meanings, as Markdown
    #[command(after_help = "\
Examples:
  ebm config reference > options.md     everything that is linked into this program
  ebm config reference train
  ebm config reference generator.flow")]
    Reference {
        /// A section (train) or a component (upper.gp) [default: all]
        place: Option<String>,
    },
}

pub fn run(command: &Config) -> Result<Exit, Failure> {
    match command {
        Config::Default => print(&config::example().or_exit(Exit::Other)?),
        Config::Reference { place } => print(&reference(place.as_deref())?),
        Config::Show(source) => print(&config::show(&source.resolve()?).or_exit(Exit::Other)?),
        Config::Check(source) => {
            source.resolve()?;
            print(&format!("{}: a good configuration\n", source.config.display()))
        }
    }
}
