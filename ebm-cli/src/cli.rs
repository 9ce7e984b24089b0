use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::{
    bench, bounds, build, compare, config, data, diagnose, distance, evaluate, export, init, list, new, ood, runs,
    sample, selftest, sweep, train, watch,
};
use crate::exit::{Exit, Failure};
use crate::output::print;

const EXAMPLES: &str = "\
Examples:
  ebm init measurements.csv                     look at data and write a configuration for them, run.toml
  ebm config default > run.toml                 write a commented configuration with every option
  ebm train run.toml --set train.steps=2000     train; the run goes to runs/run-seed0
  ebm watch runs/run-seed0                      follow a run from another terminal
  ebm evaluate runs/run-seed0                   estimate likelihood and bounds, count modes
  ebm ood runs/run-seed0                        tell its data from outliers by the energy
  ebm diagnose runs/run-seed0                   inspect the generator's Jacobian and the solver of its bound
  ebm compare run.toml --upper gp,none          compare pairs of bounds over several seeds
  ebm sweep weights.toml --run                  train a grid of values; ebm sweep collect DIR prints the table
  ebm sample runs/run-seed0 -n 1000 --out x.png draw samples, as a picture or as NumPy arrays
  ebm export runs/run-seed0 --out m.safetensors write the model to one file
  ebm data check data/mnist                     describe a data set and check that it can be read
  ebm runs list                                 list the runs and their states
  ebm list optimizer                            list the optimisers; without a kind, everything that is linked in
  ebm bounds list                               list the bounds
  ebm new bound my-bound --lower                start a crate for a bound of your own
  ebm build --with my-bound                     build this program with that bound
  ebm selftest                                  check that this machine computes correctly
  ebm bench                                     measure how fast it trains";

/// Train, evaluate and sample energy-based models between a lower and an upper bound of their likelihood.
#[derive(Debug, Parser)]
#[command(name = "ebm", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n\n{}", Exit::table()))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at data and write a configuration that suits them
    Init(init::Init),
    /// Train a model and write a run directory
    Train(train::Train),
    /// Watch a run, in training or finished: progress, bounds, curves
    Watch(watch::Watch),
    /// Train and compare pairs of bounds over several seeds: tables, pictures, a report
    Compare(compare::Compare),
    /// Train one configuration at many points (a grid, a list or random draws), here or as a Slurm array
    Sweep(sweep::Sweep),
    /// Evaluate a run: likelihood on held-out data, bounds, sample quality
    Evaluate(evaluate::Evaluate),
    /// Tell a run's data from outliers by the energy: AUROC, AUPRC, FPR at 95 % TPR
    Ood(ood::Ood),
    /// Diagnose a run's generator: singular values of its Jacobian, conditioning, entropies, error of the iterative solver
    Diagnose(diagnose::Diagnose),
    /// Compare features of real and generated samples: Frechet distance, precision, recall, density, coverage
    Distance(distance::Distance),
    /// Draw samples from a run
    Sample(sample::Sample),
    /// Write a trained model to one file, with a model card
    Export(export::Export),
    /// Look at data before training on it
    #[command(subcommand)]
    Data(data::Data),
    /// List, inspect, verify, restore and prune runs
    #[command(subcommand)]
    Runs(runs::Runs),
    /// List what is linked into this program: bounds, models, data sets, optimisers, metrics
    List(list::List),
    /// List, describe and check the bounds that are linked into this program
    #[command(subcommand)]
    Bounds(bounds::Bounds),
    /// Write a crate to start from
    #[command(subcommand)]
    New(new::New),
    /// Build this program with more crates linked in: bounds, models, data sets
    Build(build::Build),
    /// Show, check and start configurations
    #[command(subcommand)]
    Config(config::Config),
    /// Check that this machine computes what a build in double precision computes: every kernel, model and bound
    Selftest(selftest::Selftest),
    /// Time training on this machine: steps/s, time of each phase and FLOP/s of standard problems
    Bench(bench::Bench),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  ebm completions bash > ~/.local/share/bash-completion/completions/ebm")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Command {
    pub fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Init(arguments) => init::run(&arguments),
            Self::Train(arguments) => train::run(&arguments),
            Self::Watch(arguments) => watch::run(&arguments),
            Self::Compare(arguments) => compare::run(&arguments),
            Self::Sweep(arguments) => sweep::run(&arguments),
            Self::Evaluate(arguments) => evaluate::run(&arguments),
            Self::Diagnose(arguments) => diagnose::run(&arguments),
            Self::Distance(arguments) => distance::run(&arguments),
            Self::Ood(arguments) => ood::run(&arguments),
            Self::Sample(arguments) => sample::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Data(command) => data::run(&command),
            Self::Runs(command) => runs::run(&command),
            Self::List(arguments) => list::run(&arguments),
            Self::Bounds(command) => bounds::run(&command),
            Self::New(command) => new::run(&command),
            Self::Build(arguments) => build::run(&arguments),
            Self::Config(command) => config::run(&command),
            Self::Bench(arguments) => bench::run(&arguments),
            Self::Selftest(arguments) => selftest::run(&arguments),
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "ebm", &mut script);
                print(&String::from_utf8_lossy(&script))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_its_help_tells_the_exit_codes() {
        Cli::command().debug_assert();
        let help = Cli::command().render_help().to_string();
        assert!(Exit::table().lines().all(|line| help.contains(line.trim())), "{help}");
    }
}
